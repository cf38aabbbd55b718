import { describe, expect, test } from "vitest";
import { hasText } from "../test-support/texts-of.ts";
import { eitherGrammar, jsonSchemaGrammar, toolCallGrammar } from "./index.ts";

const tools = [
  {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
  { name: "now" },
];
const weather = '{"name": "get_weather", "arguments": {"city": "Paris"}}';
const block = (...calls: string[]) => `<TOOLCALL>[${calls.join(", ")}]</TOOLCALL>`;

describe("a required call", () => {
  const grammar = toolCallGrammar(tools, { choice: "required" });

  test("is one call or several of the tools, with arguments of their schemas", () => {
    expect(hasText(grammar, block(weather))).toBe(true);
    expect(hasText(grammar, `\n\n${block(weather, '{"name":"now","arguments":{}}')}`)).toBe(true);
    expect(hasText(grammar, block('{"name": "now", "arguments": {"city": "Paris"}}'))).toBe(true);
    for (const wrong of [
      block(),
      block('{"name": "other", "arguments": {}}'),
      block('{"name": "get_weather", "arguments": {}}'),
      block('{"name": "get_weather", "arguments": {"city": 3}}'),
      "Hello",
      `${block(weather)} and more`,
    ]) {
      expect(hasText(grammar, wrong), wrong).toBe(false);
    }
  });
});

test("a named call is of that tool", () => {
  const grammar = toolCallGrammar(tools, { choice: { name: "now" } });
  expect(hasText(grammar, block('{"name": "now", "arguments": {}}'))).toBe(true);
  expect(hasText(grammar, block(weather))).toBe(false);
  expect(() => toolCallGrammar(tools, { choice: { name: "none" } })).toThrow(
    expect.objectContaining({ code: "GRAMMAR_OPTION", message: expect.stringContaining('"now"') }),
  );
});

test("without parallel calls there is one", () => {
  const grammar = toolCallGrammar(tools, { choice: "required", parallel: false });
  expect(hasText(grammar, block(weather))).toBe(true);
  expect(hasText(grammar, block(weather, weather))).toBe(false);
});

test("where a call may come, any text may come before it or instead, and nothing after it", () => {
  const grammar = toolCallGrammar(tools, { choice: "auto" });
  for (const text of [
    "",
    "Hello <b>",
    "a < b <TOOL <<TOOLCAL",
    `Let me see.\n${block(weather)}`,
    `<${block(weather)}`,
  ]) {
    expect(hasText(grammar, text), text).toBe(true);
  }
  for (const text of ["<TOOLCALL>", "x<TOOLCALL>oops", `${block(weather)}.`, "<<TOOLCALL>[]</TOOLCALL>"]) {
    expect(hasText(grammar, text), text).toBe(false);
  }
});

test("tools with schemas of the same inner names do not mix", () => {
  const of = (type: string) => ({
    $ref: "#/$defs/a",
    $defs: { a: { type: "object", properties: { x: { type } }, required: ["x"] } },
  });
  const grammar = toolCallGrammar(
    [
      { name: "f", parameters: of("string") },
      { name: "g", parameters: of("integer") },
    ],
    { choice: "required" },
  );
  expect(hasText(grammar, block('{"name": "f", "arguments": {"x": "1"}}'))).toBe(true);
  expect(hasText(grammar, block('{"name": "g", "arguments": {"x": 1}}'))).toBe(true);
  expect(hasText(grammar, block('{"name": "g", "arguments": {"x": "1"}}'))).toBe(false);
});

test("an answer can be calls or JSON, whichever the model chooses", () => {
  const json = jsonSchemaGrammar({ type: "object", properties: { x: { type: "integer" } } });
  const grammar = eitherGrammar(json, toolCallGrammar(tools, { choice: "required" }));
  expect(hasText(grammar, '{"x": 3}')).toBe(true);
  expect(hasText(grammar, block(weather))).toBe(true);
  expect(hasText(grammar, "Hello")).toBe(false);
});
