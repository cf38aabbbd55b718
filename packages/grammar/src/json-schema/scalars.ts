import { regexExpression } from "../regex/regex.ts";
import { regexLengths } from "../regex/regex-lengths.ts";
import { choice, type Expression, repeat } from "../text/expression.ts";
import { formats } from "./formats.ts";
import { anyString, character, constant, integer, number, string, stringCharacter } from "./json-text.ts";
import { GREATEST, integersBetween, numbersBetween } from "./number-range.ts";
import {
  allowOnly,
  countsOf,
  type JsonType,
  type Schema,
  typeKeywords,
  typeOfValue,
  typesOf,
  unsupported,
} from "./schema.ts";

/** The values that `const` or `enum` lists, those of other types left out where `type` stands beside. */
export function constants(schema: Schema): Expression {
  const { keywords } = schema;
  allowOnly(
    schema,
    ["const", "enum", "type"],
    "it stands beside a list of constants; leave out those that it forbids",
  );
  const values = "const" in keywords ? [keywords.const] : keywords.enum;
  if (!Array.isArray(values) || values.length === 0)
    return unsupported(schema, "enum", "it should be a list of values");
  const types = "type" in keywords ? typesOf(schema) : undefined;
  const fits = (of: unknown) => {
    const type = typeOfValue(of);
    return types === undefined || types.includes(type) || (type === "integer" && types.includes("number"));
  };
  return choice(values.filter(fits).map(constant));
}

export function stringOf(schema: Schema): Expression {
  const { pattern, format } = schema.keywords;
  const [least, most] = countsOf(schema, "minLength", "maxLength");
  const isBounded = least > 0 || most < Infinity;
  if (pattern === undefined && format === undefined) {
    return isBounded ? string(repeat(character, least, most)) : anyString;
  }
  // A format beside a pattern is an annotation, as the standard has it: who writes both says it twice.
  const keyword = pattern === undefined ? "format" : "pattern";
  const regex = pattern ?? formats[format as string];
  if (typeof regex !== "string") {
    return unsupported(schema, keyword, `${JSON.stringify(pattern ?? format)} is not known`);
  }
  const [shortest, longest] = isBounded ? regexLengths(regex) : [least, most];
  if (shortest < least || longest > most) {
    const told = "a length stands beside it that not all of its texts have";
    unsupported(schema, keyword, `${told}; say the length in ${pattern === undefined ? "a" : "the"} pattern`);
  }
  return string(regexExpression(regex, { write: stringCharacter, match: "anywhere" }));
}

export function numberOf(schema: Schema, type: JsonType): Expression {
  const bounds = typeKeywords.number.filter((keyword) => keyword in schema.keywords);
  if (bounds.length === 0) return type === "integer" ? integer : number;
  for (const keyword of bounds) {
    const bound = schema.keywords[keyword];
    if (typeof bound !== "number") unsupported(schema, keyword, "it should be a number");
    if (type === "number" && !Number.isInteger(bound))
      unsupported(schema, keyword, "bounds of a number should be whole");
  }
  const bound = (keyword: string, otherwise: number) =>
    (schema.keywords[keyword] as number | undefined) ?? otherwise;
  const [minimum, above] = [bound("minimum", -GREATEST), bound("exclusiveMinimum", -Infinity)];
  const [maximum, below] = [bound("maximum", GREATEST), bound("exclusiveMaximum", Infinity)];
  const range =
    type === "integer"
      ? integersBetween(
          Math.max(Math.ceil(minimum), Math.floor(above) + 1),
          Math.min(Math.floor(maximum), Math.ceil(below) - 1),
        )
      : numbersBetween({
          least: Math.max(minimum, above),
          most: Math.min(maximum, below),
          isAbove: above >= minimum,
          isBelow: below <= maximum,
        });
  return range ?? unsupported(schema, bounds[0]!, "no number is within the bounds");
}
