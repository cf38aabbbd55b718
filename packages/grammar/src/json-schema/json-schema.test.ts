import { Random } from "@krait/testing";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vocabulary } from "../../test-support/byte-vocabulary.ts";
import { drawText, hasText } from "../../test-support/texts-of.ts";
import { jsonObjectGrammar, jsonSchemaGrammar, TokenMasks } from "../index.ts";

const ajv = new Ajv2020({
  strict: false,
  formats: { date: true, uuid: true, "date-time": true, base64: true },
});

const schemas: Record<string, object | boolean> = {
  anything: true,
  "an object of every kind of property": {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 5 },
      age: { type: "integer", minimum: -3, maximum: 117 },
      share: { type: "number", exclusiveMinimum: 0, maximum: 1 },
      tags: { type: "array", items: { enum: ["a", "b", null, 3, { x: [1] }] }, minItems: 1, maxItems: 3 },
      isNew: { type: "boolean" },
      nothing: { type: "null" },
    },
    required: ["age", "tags"],
    additionalProperties: false,
  },
  "optional properties only": {
    type: "object",
    properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } },
  },
  "further properties": {
    type: "object",
    properties: { a: { type: "string" }, ab: { type: "string" } },
    required: ["a", "z"],
    additionalProperties: { type: "integer" },
  },
  "a tree": {
    $ref: "#/$defs/node",
    $defs: {
      node: {
        type: "object",
        properties: {
          value: { type: "integer" },
          children: { type: "array", items: { $ref: "#/$defs/node" } },
        },
        required: ["value", "children"],
        additionalProperties: false,
      },
    },
  },
  "one of two kinds that a constant tells apart": {
    oneOf: [
      {
        type: "object",
        properties: { kind: { const: "a" }, x: { type: "integer" } },
        required: ["kind", "x"],
      },
      {
        type: "object",
        properties: { kind: { const: "b" }, y: { type: "string" } },
        required: ["kind", "y"],
      },
    ],
  },
  "any of several types": { anyOf: [{ type: "string" }, { type: "integer" }, { type: ["boolean", "null"] }] },
  "all of two": {
    allOf: [
      { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
      { properties: { b: { type: "integer" } }, required: ["b"] },
    ],
  },
  "a pattern": { type: "string", pattern: '^[A-Z]{2}\\d{3}(-["\\\\]x)?$' },
  "a tuple": {
    type: "array",
    prefixItems: [{ type: "string" }, { type: "integer" }],
    items: false,
    minItems: 2,
    maxItems: 2,
  },
  "lengths that all texts of a format have": { type: "string", format: "date", minLength: 10, maxLength: 10 },
  "lengths that all texts of a pattern have": {
    ...{ type: "string", pattern: "^(a{2,3}|[b\\u{1f600}]{4}(?:c|))$", minLength: 2, maxLength: 5 },
  },
  "a record as zod writes it": {
    ...{ type: "object", propertyNames: { type: "string" }, additionalProperties: { type: "number" } },
  },
  "a date as zod writes it": {
    ...{
      type: "string",
      format: "date-time",
      pattern: "^\\d{4}-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:[0-5]\\dZ$",
    },
  },
  "one of two kinds as pydantic writes it": {
    $defs: {
      A: { type: "object", properties: { kind: { const: "a" } }, required: ["kind"], title: "A" },
      B: { type: "object", properties: { kind: { const: "b" } }, required: ["kind"], title: "B" },
    },
    oneOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/B" }],
    discriminator: { propertyName: "kind", mapping: { a: "#/$defs/A", b: "#/$defs/B" } },
  },
  "bytes in base 64": {
    ...{
      type: "string",
      contentEncoding: "base64",
      format: "base64",
      pattern: "^(?:[A-Za-z0-9+/]{4}){1,9}$",
    },
  },
  "negative numbers": { type: "number", minimum: -20, exclusiveMaximum: -3 },
  "large integers": { type: "integer", minimum: 987, maximum: 123456 },
};

describe.each(Object.entries(schemas))("%s", (_, schema) => {
  const masks = new TokenMasks(jsonSchemaGrammar(schema), vocabulary);
  const validate = ajv.compile(schema);

  test("whatever is drawn under the masks is JSON that satisfies the schema", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = drawText(masks, new Random(seed));
        expect(validate(JSON.parse(text)), text).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe("texts that satisfy a schema are allowed, others are not", () => {
  const cases: [schema: object, yes: unknown[], no: unknown[]][] = [
    [{ type: "integer", minimum: 8, maximum: 112 }, [8, 9, 10, 99, 100, 112], [7, 113, 1000, -8, 0]],
    [{ type: "integer", exclusiveMinimum: -3, exclusiveMaximum: 2 }, [-2, -1, 0, 1], [-3, 2, 11, -10]],
    [{ type: "integer" }, [0, -7, 123456], [1.5, "1", true]],
    [{ type: "number", minimum: 0, exclusiveMaximum: 1 }, [0, 0.5, 0.999], [1, -0.5, 1.5, 10]],
    [{ type: "number", exclusiveMinimum: -1, maximum: 2 }, [-0.5, 0, 1.75, 2], [-1, 2.5, -1.5]],
    [{ type: "string", maxLength: 2 }, ["", "a", "éé", "😀😀", '"\\'], ["abc", "ééé"]],
    [{ enum: ["x", 1, null, [1, { a: "b" }]] }, ["x", 1, null, [1, { a: "b" }]], ["y", 2, [1]]],
    [{ enum: ["x", 1], type: "string" }, ["x"], [1]],
    [
      { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 2 },
      [[true], [true, false]],
      [[], [1], [true, true, true]],
    ],
    [{ type: "object", properties: { a: { type: "null" } } }, [{}, { a: null }], [{ b: 1 }, { a: 1 }]],
    [{ type: "string", format: "email", pattern: "^[a-z]+@[a-z]+$" }, ["a@b", "ab@cd"], ["A@b", "a"]],
    [
      { type: "string", format: "uri", minLength: 1, maxLength: 2083 },
      ["https://example.org/a"],
      ["", "example"],
    ],
    [{ type: "string", pattern: "ab|cd$" }, ["ab", "xaby", "xcd"], ["a b", "cdx", ""]],
    [{ type: "object" }, [{}, { anything: [1, { at: "all" }] }], [[], 1]],
    [
      { type: "object", additionalProperties: { type: "integer" }, properties: { ab: { type: "string" } } },
      [{ ab: "", abc: 1, a: 2, "": 3 }],
      [{ abc: "" }, { ab: 1 }],
    ],
  ];

  test.each(cases)("%j", (schema, yes, no) => {
    const grammar = jsonSchemaGrammar(schema);
    for (const value of yes) {
      expect(hasText(grammar, JSON.stringify(value)), JSON.stringify(value)).toBe(true);
      expect(hasText(grammar, JSON.stringify(value, null, 2)), "indented").toBe(true);
    }
    for (const value of no)
      expect(hasText(grammar, JSON.stringify(value)), JSON.stringify(value)).toBe(false);
  });

  test("a string takes every escape but those of halves of characters", () => {
    const grammar = jsonSchemaGrammar({ type: "string" });
    expect(hasText(grammar, String.raw`"\" \\ \n \t \u0000 é 😀"`)).toBe(true);
    expect(hasText(grammar, '"a\nb"')).toBe(false);
    expect(hasText(grammar, String.raw`"\x"`)).toBe(false);
  });

  test("an object may have a thousand properties, required or not", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `p${i}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: "integer" }]));
    const free = jsonSchemaGrammar({ type: "object", properties });
    expect(hasText(free, '{"p7": 1, "p999": 2}')).toBe(true);
    const held = jsonSchemaGrammar({ type: "object", properties, required: ["p500"] });
    expect(hasText(held, '{"p2": 1, "p501": 1}')).toBe(false);
  });

  test("any object is an object", () => {
    expect(hasText(jsonObjectGrammar(), '\n{"a": [1, 2.5e3, {"b": null}]}')).toBe(true);
    expect(hasText(jsonObjectGrammar(), "[]")).toBe(false);
  });
});

describe("what cannot be enforced is refused by name and place", () => {
  test.each<[object, string, string]>([
    [{ not: { type: "string" } }, "not", "#"],
    [
      { type: "object", properties: { a: { type: "integer", multipleOf: 3 } } },
      "multipleOf",
      "#/properties/a",
    ],
    [{ type: "array", items: { type: "object", patternProperties: {} } }, "patternProperties", "#/items"],
    [{ type: "array", uniqueItems: true }, "uniqueItems", "#"],
    [{ dependentRequired: {} }, "dependentRequired", "#"],
    [{ type: "object", minProperties: 2 }, "minProperties", "#"],
    [{ oneOf: [{ type: "string" }, { type: "string", maxLength: 3 }] }, "oneOf", "#"],
    [{ type: "strin" }, "type", "#"],
    [{ type: "string", format: "color" }, "format", "#"],
    [{ type: "string", pattern: "a", maxLength: 3 }, "pattern", "#"],
    [{ type: "string", pattern: "^a{2,5}$", maxLength: 4 }, "pattern", "#"],
    [{ type: "string", pattern: "^a{2,5}$", minLength: 3 }, "pattern", "#"],
    [{ type: "string", pattern: "^a$|b", maxLength: 3 }, "pattern", "#"],
    [{ type: "string", format: "uri", maxLength: 20 }, "format", "#"],
    [{ type: "object", propertyNames: { type: "string", maxLength: 3 } }, "propertyNames", "#"],
    [{ $ref: "https://example.org/schema" }, "$ref", "#"],
    [{ $ref: "#/$defs/none" }, "$ref", "#"],
    [{ type: "integer", minimum: 3, maximum: 2 }, "minimum", "#"],
    [{ type: "number", minimum: 0.5 }, "minimum", "#"],
    [{ type: "array", minItems: 3, maxItems: 2 }, "minItems", "#"],
    [{ type: "object", properties: {}, required: ["a"] }, "required", "#"],
    [{ allOf: [{ properties: { a: {} } }, { properties: { a: {} } }] }, "allOf", "#"],
    [{ allOf: [{ $ref: "#" }] }, "allOf", "#"],
  ])("%j", (schema, keyword, path) => {
    expect(() => jsonSchemaGrammar(schema)).toThrow(
      expect.objectContaining({
        code: "GRAMMAR_SCHEMA",
        keyword,
        path,
        message: expect.stringContaining(`"${keyword}"`),
      }),
    );
  });

  test("an object that must hold another of its kind has no text", () => {
    const schema = { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] };
    expect(() => jsonSchemaGrammar(schema)).toThrow(expect.objectContaining({ code: "GRAMMAR_EMPTY" }));
    expect(() => jsonSchemaGrammar({ $ref: "#" })).toThrow(
      expect.objectContaining({ code: "GRAMMAR_EMPTY" }),
    );
  });

  test("an option that would never end is left out, the others stay", () => {
    const schema = {
      anyOf: [
        { type: "null" },
        { type: "object", properties: { a: { $ref: "#/anyOf/1" } }, required: ["a"] },
      ],
    };
    const grammar = jsonSchemaGrammar(schema);
    expect(hasText(grammar, "null")).toBe(true);
    expect(hasText(grammar, '{"a"')).toBe(false);
  });
});
