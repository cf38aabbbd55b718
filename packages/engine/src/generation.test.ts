import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, END, generate, prompt, scriptedEngine, tokenizer, tokensOf } from "../testing/generate.ts";
import { scriptOf } from "../testing/scripted-model.ts";
import type { FinishEvent } from "./events.ts";

test("an answer ends at the end token, which counts as generated but has no text", async () => {
  const { finish, text, events } = await generate("Good morning.");
  expect(text).toBe("Good morning.");
  expect(finish.finishReason).toBe("stop");
  expect(tokensOf(events).at(-1)?.token).toBe(END);
  expect(finish.usage.completionTokens).toBe(tokenizer.encode("Good morning.").length + 1);
});

test("maxTokens ends an answer with the reason length", async () => {
  const { finish, events } = await generate("one two three four five six", { maxTokens: 3 });
  expect(finish.finishReason).toBe("length");
  expect(tokensOf(events)).toHaveLength(3);
});

test("ignoreEndTokens goes on past the end token", async () => {
  const { finish } = await generate("ab", { ignoreEndTokens: true, maxTokens: 10 });
  expect(finish.usage.completionTokens).toBe(10);
  expect(finish.finishReason).toBe("length");
});

test("a looking-ahead generation reads and gives the same tokens", async () => {
  for (const request of [
    {},
    { maxTokens: 4 },
    { reasoning: "on", thinking: { budget: 3, grace: 2 } },
  ] as const) {
    const answer = "I think so.\nYes, I do.\n</think>\n\nIt is so.";
    const plain = await generate(answer, request);
    const ahead = await generate(answer, request, true);
    expect(tokensOf(ahead.events)).toEqual(tokensOf(plain.events));
    expect(ahead.text).toBe(plain.text);
    expect(ahead.read.slice(0, plain.read.length)).toEqual(plain.read);
  }
});

test("a stop string ends the answer wherever tokens are cut, and is looked for after the reasoning only", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.stringMatching(/^[a-f ]{1,12}$/),
      fc.stringMatching(/^[a-c ]{1,3}$/),
      async (body, stop) => {
        const answer = `${stop} thoughts</think>\n\nx${body}${stop}tail`;
        const { text, finish, reasoning } = await generate(answer, { reasoning: "on", stop });
        const content = `x${body}${stop}tail`;
        expect(text).toBe(content.slice(0, content.indexOf(stop)));
        expect(reasoning).toBe(`${stop} thoughts`);
        expect(finish).toMatchObject({ finishReason: "stop", stop });
      },
    ),
    { numRuns: 60 },
  );
});

test("an answer with calls ends with the reason tool-calls", async () => {
  const { events, finish } = await generate('<TOOLCALL>[{"name": "f", "arguments": {"a": 1}}]</TOOLCALL>');
  expect(finish.finishReason).toBe("tool-calls");
  expect(events.find(({ type }) => type === "tool-call-end")).toMatchObject({
    name: "f",
    arguments: '{"a": 1}',
  });
});

test("the white space between the reasoning and the answer is no stop string", async () => {
  const { text, finish } = await generate("hm</think>\n\nOne.\nTwo.", { reasoning: "on", stop: "\n" });
  expect(text).toBe("One.");
  expect(finish).toMatchObject({ stop: "\n", reasoningEnd: "model" });
});

test("a stop string after calls is what ended the answer", async () => {
  const answer = '<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL> STOP';
  const { finish } = await generate(answer, { stop: "STOP" });
  expect(finish).toMatchObject({ finishReason: "stop", stop: "STOP" });
});

test("plain text is not searched for markers", async () => {
  const { text } = await generate("a </think> <TOOLCALL>[] b", { format: "text" });
  expect(text).toBe("a </think> <TOOLCALL>[] b");
});

test("an aborted generation throws the signal's reason and gives its states back", async () => {
  const controller = new AbortController();
  const { engine } = await scriptedEngine(scriptOf(tokenizer, "x".repeat(500), prompt.length, END));
  const { freeSlots, freePages } = engine.pool;
  const reason = new Error("enough");
  const generation = engine.generate({ prompt, signal: controller.signal });
  const read = async (): Promise<void> => {
    let tokens = 0;
    for await (const event of generation) {
      if (event.type === "token" && ++tokens === 3) setImmediate(() => controller.abort(reason));
    }
  };
  await expect(read()).rejects.toBe(reason);
  expect(engine.pool).toMatchObject({ freeSlots, freePages });
});

test("leaving the loop early gives the states back", async () => {
  const { engine } = await scriptedEngine(scriptOf(tokenizer, "x".repeat(500), prompt.length, END));
  const { freeSlots, freePages } = engine.pool;
  for await (const event of engine.generate({ prompt })) if (event.type === "token") break;
  expect(engine.pool).toMatchObject({ freeSlots, freePages });
});

test("a prompt that goes on from a kept prefix reads only what is new", async () => {
  const { engine, read } = await scriptedEngine(() => END);
  const run = async (
    ids: readonly number[],
    snapshotAt: readonly number[],
  ): Promise<FinishEvent["usage"]> => {
    const events = await collect(engine.generate({ prompt: ids, snapshotAt }));
    return (events.at(-1) as FinishEvent).usage;
  };
  const first = Array.from({ length: 100 }, (_, i) => 20 + i);
  expect((await run(first, [10, 80])).cachedTokens).toBe(0);
  const before = read.length;
  const second = [...first.slice(0, 80), 300, 301, 302];
  expect((await run(second, [])).cachedTokens).toBe(80);
  expect(read.slice(before)).toEqual([300, 301, 302]);
  expect((await run([...first.slice(0, 79), 9, 9], [])).cachedTokens).toBe(10);
  expect((await run([...first.slice(0, 9), 9, 9], [])).cachedTokens).toBe(0);
});

test("logits without a token to choose are an error that names the position", async () => {
  await expect(generate((tokens) => (tokens.length < prompt.length + 2 ? 20 : -1))).rejects.toMatchObject({
    code: "LOGITS_INVALID",
    details: { position: prompt.length + 2 },
  });
});
