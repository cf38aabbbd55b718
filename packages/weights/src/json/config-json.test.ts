import { expect, test } from "vitest";
import { parseConfigJson, WeightError } from "../index.ts";

test("bare words that Python's json writes become numbers", () => {
  const config = parseConfigJson('{"time_step_limit": [0.0, Infinity], "low": -Infinity, "what": NaN}');
  expect(config).toEqual({
    time_step_limit: [0, Number.POSITIVE_INFINITY],
    low: Number.NEGATIVE_INFINITY,
    what: Number.NaN,
  });
});

test("numbers as transformers 5 spells them become numbers", () => {
  const config = parseConfigJson(
    '{"time_step_limit": [0.0, {"__float__": "Infinity"}], "low": {"__float__": "-Infinity"}}',
  );
  expect(config).toEqual({ time_step_limit: [0, Number.POSITIVE_INFINITY], low: Number.NEGATIVE_INFINITY });
  expect(parseConfigJson('{"__float__": "NaN"}')).toBeNaN();
});

test.each([
  ['{"a": "Infinity", "NaN": [1, -2.5e3, true, null]}'],
  ['{"text": "say \\"Infinity\\" or \\\\", "b": "NaN: -Infinity, {"}'],
  ["[]"],
  ['"Infinity"'],
])("ordinary JSON is left as it is: %s", (text) => {
  expect(parseConfigJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ["{"],
  ["{a: 1}"],
  ["[Infinit]"],
  ["[infinity]"],
  ["[+Infinity]"],
  ["Infinity1"],
  ["[1 NaN]"],
  ['{"__float__": "inf"}'],
  ['{"a": "unterminated'],
  [""],
])("anything else is an error that names the file: %s", (text) => {
  const parse = () => parseConfigJson(text, "models/x/config.json");
  expect(parse).toThrow(WeightError);
  expect(parse).toThrow(
    expect.objectContaining({ code: "WEIGHT_FILE_INVALID", file: "models/x/config.json" }),
  );
});
