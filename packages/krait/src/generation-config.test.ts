import { expect, test } from "vitest";
import { readGenerationConfig } from "./generation-config.ts";

test("end tokens are a list, a single id, or those of config.json", () => {
  expect(readGenerationConfig({ eos_token_id: [2, 11, 12] }, {}).endTokens).toEqual([2, 11, 12]);
  expect(readGenerationConfig({ eos_token_id: 2 }, {}).endTokens).toEqual([2]);
  expect(readGenerationConfig(undefined, { eos_token_id: 12 }).endTokens).toEqual([12]);
  expect(readGenerationConfig({}, {}).endTokens).toEqual([]);
});

test("sampling is greedy, what the file states, or left open", () => {
  expect(readGenerationConfig({ do_sample: false, temperature: 0.6 }, {}).sampling).toEqual({
    temperature: 0,
  });
  expect(
    readGenerationConfig({ do_sample: true, temperature: 0.6, top_p: 0.95, top_k: 50 }, {}).sampling,
  ).toEqual({
    temperature: 0.6,
    topP: 0.95,
    topK: 50,
  });
  expect(readGenerationConfig({ do_sample: true }, {}).sampling).toBeUndefined();
});

test.each([
  [{ eos_token_id: "12" }, "eos_token_id"],
  [{ eos_token_id: [-1] }, "eos_token_id"],
  [{ temperature: "warm" }, "temperature"],
  [{ top_k: 0.5 }, "top_k"],
  ["text", "the file"],
])("%j is refused, naming the field", (file, field) => {
  expect(() => readGenerationConfig(file, {})).toThrow(
    expect.objectContaining({ code: "MODEL_FILE_INVALID", details: expect.objectContaining({ field }) }),
  );
});
