import { createCpuBackend } from "@krait/backend-cpu";
import { type WatchedBackend, watchBackend } from "@krait/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readEvents, startTiny, type TinyServer } from "../../test-support/running-server.ts";

let watched: WatchedBackend;
let tiny: TinyServer;

beforeAll(async () => {
  watched = watchBackend(await createCpuBackend());
  tiny = await startTiny({}, { backend: watched.backend, maxSequences: 4 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

/** So that every answer has as many tokens as it may. */
const noEnd = { logit_bias: Object.fromEntries([2, 11, 12].map((token) => [token, -100])) };
const sampling = { temperature: 1.5, seed: 7, ...noEnd };
const TOKENS = 6;

interface Answered {
  readonly texts: readonly string[];
  readonly promptTokens: number;
  /** That the backend ran for it. */
  readonly rows: number;
  readonly requests: number;
}

interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly message?: { readonly content: string };
  readonly delta?: { readonly content?: string };
}

const textOf = ({ text, message, delta }: Choice): string => text ?? (message ?? delta)?.content ?? "";

async function answersTo(path: string, body: object): Promise<Answered> {
  const requests = async (): Promise<number> => {
    const metrics = await (await fetch(`${tiny.server.url}/metrics`)).text();
    return Number(/^krait_engine_requests_total\{\S+ (\d+)$/m.exec(metrics)![1]);
  };
  const [rowsBefore, requestsBefore] = [watched.rows, await requests()];
  const response = await tiny.post(path, body);
  expect(response.status).toBe(200);
  const texts: string[] = [];
  const add = (choice: Choice): void => {
    texts[choice.index] = (texts[choice.index] ?? "") + textOf(choice);
  };
  let promptTokens = 0;
  if ("stream" in body) {
    for (const { data } of await readEvents(response)) {
      for (const choice of data.choices ?? []) add(choice);
      promptTokens = data.usage?.prompt_tokens ?? promptTokens;
    }
  } else {
    const { choices, usage } = (await response.json()) as {
      choices: Choice[];
      usage: Record<string, number>;
    };
    choices.forEach(add);
    promptTokens = usage.prompt_tokens!;
    expect(usage.completion_tokens).toBe(choices.length * TOKENS);
  }
  return {
    texts,
    promptTokens,
    rows: watched.rows - rowsBefore,
    requests: (await requests()) - requestsBefore,
  };
}

/** The prompt once, its last token for each, and what each generates but its last token. */
const sharedRows = (promptTokens: number, n: number): number => promptTokens - 1 + n * TOKENS;

const streaming = [{}, { stream: true, stream_options: { include_usage: true } }];

test.each(streaming)("several answers of a chat are one reading of its prompt (%j)", async (mode) => {
  const body = (question: string, more: object = {}) => ({
    messages: ["system", "user"].map((role) => ({ role, content: question })),
    ...{ reasoning_effort: "none", max_tokens: TOKENS, ...sampling, ...mode, ...more },
  });
  const question = `Tell me something about the number ${"stream" in mode ? 41 : 43}, please.`;
  const answered = await answersTo("/v1/chat/completions", body(question, { n: 3 }));
  expect(answered).toMatchObject({ rows: sharedRows(answered.promptTokens, 3), requests: 1 });
  const alone = [];
  for (const seed of [7, 8, 9]) {
    alone.push((await answersTo("/v1/chat/completions", body(question, { seed }))).texts[0]);
  }
  expect(answered.texts).toEqual(alone);
  expect(new Set(alone).size).toBeGreaterThan(1);
});

test.each(streaming)("several answers to several texts are one reading of each (%j)", async (mode) => {
  const prompt = ["stream", "whole"].map((word) => `${word}${"stream" in mode} lies on the table, and`);
  const request = { prompt, n: 2, max_tokens: TOKENS, ...sampling, ...mode };
  const answered = await answersTo("/v1/completions", request);
  // Both prompts together are told as one number.
  expect(answered).toMatchObject({ rows: answered.promptTokens - 2 + 4 * TOKENS, requests: 2 });
  const alone = [];
  for (const text of prompt) {
    for (const seed of [7, 8]) {
      alone.push((await answersTo("/v1/completions", { ...request, prompt: text, n: 1, seed })).texts[0]);
    }
  }
  expect(answered.texts).toEqual(alone);
});

test("more answers than the model has places come in turns, from one reading all the same", async () => {
  const prompt = "Seven answers of four places at once, they say,";
  const request = { prompt, n: 7, max_tokens: TOKENS, ...sampling };
  const answered = await answersTo("/v1/completions", request);
  expect(answered).toMatchObject({ rows: sharedRows(answered.promptTokens, 7), requests: 2 });
  expect(answered.texts).toHaveLength(7);
  const last = await answersTo("/v1/completions", { ...request, n: 1, seed: 13 });
  expect(answered.texts[6]).toBe(last.texts[0]);
});

test("a client that leaves ends all of its answers, and they are counted as one request", async () => {
  const controller = new AbortController();
  const { text } = await tiny
    .post(
      "/v1/completions",
      { prompt: "Once upon a time", n: 3, max_tokens: 3000, stream: true, ...noEnd },
      { signal: controller.signal },
    )
    .then(async (response) => ({ text: await response.body!.getReader().read() }));
  expect(text.done).toBe(false);
  controller.abort();
  const metric = async (sample: string): Promise<number> => {
    const metrics = await (await fetch(`${tiny.server.url}/metrics`)).text();
    const line = metrics.split("\n").find((each) => each.startsWith(`${sample} `));
    return Number(line?.slice(sample.length));
  };
  await expect.poll(() => metric('krait_running{model="tiny"}')).toBe(0);
  expect(await metric('krait_generations_total{model="tiny",outcome="cancelled"}')).toBe(3);
  expect(await metric('krait_engine_cancelled_total{model="tiny"}')).toBe(1);
  expect(await metric('krait_engine_slots_free{model="tiny"}')).toBe(4);
});
