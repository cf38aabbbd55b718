import { afterAll, beforeAll, expect, test } from "vitest";
import { readEvents, startTiny, type TinyServer } from "../../../test-support/running-server.ts";

let tiny: TinyServer;
beforeAll(async () => {
  tiny = await startTiny();
});
afterAll(() => tiny[Symbol.asyncDispose]());

interface Choice {
  readonly text: string;
  readonly logprobs: { readonly tokens: string[]; readonly text_offset: number[] };
}

async function complete(body: object): Promise<Choice> {
  const response = await tiny.post("/v1/completions", { logprobs: 0, ...body });
  expect(response.status).toBe(200);
  return ((await response.json()) as { choices: [Choice] }).choices[0];
}

const offsets = ({ logprobs }: Choice) =>
  logprobs.tokens.map((token, index) => [token, logprobs.text_offset[index]]);
/** A character of four bytes, of which each is a token. */
const parts = (offset: number) => Array.from({ length: 4 }, () => ["\ufffd", offset]);

test("offsets count code points, and the parts of a character have the one at which it begins", async () => {
  const prompt = "😀 aé";
  const echoed = await complete({ prompt, echo: true, max_tokens: 0 });
  expect(echoed.text).toBe(prompt);
  expect(offsets(echoed)).toEqual([...parts(0), [" a", 1], ["é", 3]]);
});

test("offsets of what is generated count its own text, also when it is streamed", async () => {
  const body = { prompt: "Hello", guided_choice: ["😀😀!"] };
  const whole = await complete(body);
  expect(whole.text).toBe("😀😀!");
  expect(offsets(whole)).toEqual([...parts(0), ...parts(1), ["!", 2]]);
  const events = await readEvents(await tiny.post("/v1/completions", { ...body, logprobs: 0, stream: true }));
  const chunks = events.flatMap(({ data }): Choice[] => data.choices ?? []);
  expect(chunks.flatMap(offsets)).toEqual(offsets(whole));
});
