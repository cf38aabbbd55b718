import { GrammarError } from "../grammar-error.ts";

export type JsonType = "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";

/** A schema that is an object, with where it stands as a JSON pointer. */
export interface Schema {
  readonly path: string;
  readonly keywords: Readonly<Record<string, unknown>>;
}

/** Keywords that say nothing about the texts. */
const annotations = new Set([
  ...["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["$schema", "$id", "$comment", "$defs", "definitions", "$anchor"],
  ...["contentEncoding", "contentMediaType", "contentSchema"],
  // OpenAPI's, as pydantic writes them: `oneOf` beside it says what it says.
  ...["discriminator", "example"],
]);

export const typeKeywords: Readonly<Record<JsonType, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
};

/** The keywords that are not annotations, nor say what holds anyway. */
export function readSchema(schema: unknown, path: string): Schema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new GrammarError(
      "GRAMMAR_SCHEMA",
      `The schema at ${path} should be an object or a boolean, but is ${JSON.stringify(schema)}.`,
      { path },
    );
  }
  const keywords = Object.entries(schema).filter(
    ([keyword, value]) =>
      !annotations.has(keyword) &&
      !keyword.startsWith("x-") &&
      !(keyword === "uniqueItems" && value === false) &&
      !(keyword === "minProperties" && value === 0) &&
      !(keyword === "propertyNames" && holdsForNames(value)),
  );
  return { path, keywords: Object.fromEntries(keywords) };
}

/** Whether all names of properties satisfy a schema: they are strings. */
function holdsForNames(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return schema === true;
  return Object.entries(schema).every(
    ([keyword, value]) => annotations.has(keyword) || (keyword === "type" && value === "string"),
  );
}

/** Names a keyword that cannot be enforced as it stands. */
export function unsupported({ path }: Schema, keyword: string, why = "it is not supported"): never {
  throw new GrammarError("GRAMMAR_SCHEMA", `"${keyword}" at ${path} cannot be enforced: ${why}.`, {
    keyword,
    path,
  });
}

/** @throws {GrammarError} naming the first keyword that is none of these. */
export function allowOnly(schema: Schema, keywords: Iterable<string>, why?: string): void {
  const allowed = new Set(keywords);
  const other = Object.keys(schema.keywords).find((keyword) => !allowed.has(keyword));
  if (other !== undefined) unsupported(schema, other, why);
}

/** The types that a schema names, or that its keywords belong to; undefined where it says nothing of them. */
export function typesOf(schema: Schema): readonly JsonType[] | undefined {
  const { type } = schema.keywords;
  if (type === undefined) {
    const types = Object.entries(typeKeywords).flatMap(([name, keywords]) =>
      name !== "integer" && keywords.some((keyword) => keyword in schema.keywords) ? [name as JsonType] : [],
    );
    return types.length > 0 ? types : undefined;
  }
  const types = (Array.isArray(type) ? type : [type]) as JsonType[];
  const wrong = types.find((name) => typeof name !== "string" || !Object.hasOwn(typeKeywords, name));
  if (types.length === 0 || wrong !== undefined) {
    unsupported(schema, "type", `${JSON.stringify(type)} is no type of JSON`);
  }
  return types;
}

export function typeOfValue(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value as JsonType;
}

/** A keyword's value that counts something; undefined where it is not given. */
export function countOf(schema: Schema, keyword: string): number | undefined {
  const value = schema.keywords[keyword];
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    unsupported(schema, keyword, `it should be a whole number from 0, but is ${JSON.stringify(value)}`);
  }
  return value as number;
}

/** The two bounds of a count, and an error where they leave nothing. */
export function countsOf(schema: Schema, least: string, most: string): [least: number, most: number] {
  const counts: [number, number] = [countOf(schema, least) ?? 0, countOf(schema, most) ?? Infinity];
  if (counts[0] > counts[1]) unsupported(schema, least, `it is more than ${most}`);
  return counts;
}
