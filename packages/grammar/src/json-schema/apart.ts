import { type JsonType, type Schema, typeOfValue, typesOf } from "./schema.ts";

/**
 * Whether no value can satisfy two of these schemas, as far as that can be seen: they are of different types,
 * or objects that both need a property with different constants. Then "one of" is "any of".
 */
export function areApart(schemas: readonly Schema[], resolve: (schema: Schema) => Schema): boolean {
  const resolved = schemas.map(resolve);
  return resolved.every((a, i) => resolved.slice(i + 1).every((b) => isApart(a, b)));
}

function isApart(a: Schema, b: Schema): boolean {
  const [first, second] = [constantsOf(a.keywords), constantsOf(b.keywords)];
  if (first && second) return areDifferent(first, second);
  const types = [first?.map(typeOfValue) ?? typesOf(a), second?.map(typeOfValue) ?? typesOf(b)];
  if (types[0] === undefined || types[1] === undefined) return false;
  const [ofA, ofB] = types.map((list) => new Set(list!.map(widen)));
  const shared = [...ofA!].filter((type) => ofB!.has(type));
  if (shared.length === 0) return true;
  return shared.length === 1 && shared[0] === "object" && haveDifferentConstants(a, b);
}

const widen = (type: JsonType): JsonType => (type === "integer" ? "number" : type);

function haveDifferentConstants(a: Schema, b: Schema): boolean {
  const [inA, inB] = [requiredConstants(a), requiredConstants(b)];
  return [...inA].some(([name, values]) => {
    const others = inB.get(name);
    return others !== undefined && areDifferent(values, others);
  });
}

function requiredConstants({ keywords }: Schema): Map<string, readonly unknown[]> {
  const { properties = {}, required = [] } = keywords as {
    properties?: Record<string, Record<string, unknown>>;
    required?: readonly string[];
  };
  const found = new Map<string, readonly unknown[]>();
  for (const name of required) {
    const values = constantsOf(properties[name] ?? {});
    if (values) found.set(name, values);
  }
  return found;
}

function constantsOf(keywords: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  if ("const" in keywords) return [keywords.const];
  return Array.isArray(keywords.enum) ? keywords.enum : undefined;
}

function areDifferent(a: readonly unknown[], b: readonly unknown[]): boolean {
  const texts = new Set(a.map((value) => JSON.stringify(value)));
  return b.every((value) => !texts.has(JSON.stringify(value)));
}
