import { readSchema, type Schema, unsupported } from "./schema.ts";

/**
 * One schema for all of `allOf` and what stands beside it, where that can be said as one: properties of
 * different names, and keywords that only one of them has or on which they agree.
 */
export function mergeAll(
  schema: Schema,
  resolve: (part: Schema) => Schema,
): Readonly<Record<string, unknown>> {
  const { allOf, ...beside } = schema.keywords;
  if (!Array.isArray(allOf) || allOf.length === 0) {
    return unsupported(schema, "allOf", "it should be a list of schemas");
  }
  const parts = allOf.map((part, i) => resolve(readSchema(part, `${schema.path}/allOf/${i}`)).keywords);
  return [...parts, beside].reduce((merged, part) => merge(schema, merged, part));
}

function merge(
  schema: Schema,
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...a };
  for (const [keyword, value] of Object.entries(b)) {
    if (!(keyword in a)) merged[keyword] = value;
    else if (keyword === "required") merged.required = [...new Set([...list(a.required), ...list(value)])];
    else if (keyword === "properties") merged.properties = mergeProperties(schema, a.properties, value);
    else if (JSON.stringify(a[keyword]) !== JSON.stringify(value)) {
      unsupported(schema, "allOf", `its schemas have different values for "${keyword}"`);
    }
  }
  const isClosed = [a, b].some(({ additionalProperties }) => additionalProperties !== undefined);
  if (isClosed && "properties" in a && "properties" in b) {
    unsupported(schema, "allOf", "additionalProperties of one of its schemas forbids properties of another");
  }
  return merged;
}

function mergeProperties(schema: Schema, a: unknown, b: unknown): Record<string, unknown> {
  const [first, second] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const shared = Object.keys(first).find((name) => Object.hasOwn(second, name));
  if (shared !== undefined) {
    unsupported(schema, "allOf", `two of its schemas have the property ${JSON.stringify(shared)}`);
  }
  return { ...first, ...second };
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
