import { foldEvents, type ToolCallEvent } from "@krait/tool-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, type Script, scriptedContext, scriptOf } from "../testing/scripted-executor.ts";
import { tinyTokenizer } from "../testing/tiny-tokenizer.ts";
import type { FinishEvent, GenerateEvent, TokenEvent } from "./events.ts";
import { Generation } from "./generation.ts";
import type { GenerateRequest } from "./request.ts";

const tokenizer = tinyTokenizer();
const prompt = tokenizer.encode("Hello");
const END = 12;

async function generate(
  answer: string | Script,
  request: Partial<GenerateRequest> = {},
  lookahead = false,
): Promise<{
  events: GenerateEvent[];
  finish: FinishEvent;
  text: string;
  reasoning: string;
  read: readonly number[];
}> {
  const script = typeof answer === "string" ? scriptOf(tokenizer, answer, prompt.length, END) : answer;
  const context = await scriptedContext(script, { tokenizer, endTokens: new Set([END]), lookahead });
  const events = await collect(new Generation(context, { prompt, ...request }));
  const { text, reasoning } = foldEvents(events as ToolCallEvent[]);
  return { events, finish: events.at(-1) as FinishEvent, text, reasoning, read: context.read };
}

const tokensOf = (events: readonly GenerateEvent[]): TokenEvent[] =>
  events.filter((event): event is TokenEvent => event.type === "token");

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

describe("the thinking budget", () => {
  /** Reasons in lines of one kind until `</think>` stands in what was read, then answers. */
  const rambling =
    (line: string): Script =>
    (tokens) => {
      const written = tokenizer.decode(tokens.slice(prompt.length));
      const [, answer] = written.split("</think>\n\n");
      const source = answer === undefined ? line.repeat(1000) : "Done.";
      const done = tokenizer.encode(source);
      return (
        done[answer === undefined ? tokens.length - prompt.length : tokenizer.encode(answer).length] ?? END
      );
    };

  test("ends the trace at the first newline after the budget", async () => {
    const { finish, reasoning, text, events } = await generate(rambling("I think on.\n"), {
      reasoning: "on",
      thinking: { budget: 7 },
    });
    expect(finish.reasoningEnd).toBe("newline");
    expect(text).toBe("Done.");
    const own = tokensOf(events).filter(({ reasoning, forced }) => reasoning && !forced);
    expect(own.length).toBeGreaterThanOrEqual(7);
    expect(tokenizer.tokenText(own.at(-1)!.token)).toMatch(/\n$/);
    expect(own.slice(6, -1).every(({ token }) => !tokenizer.tokenText(token).endsWith("\n"))).toBe(true);
    expect(reasoning).toMatch(/^(I think on\.\n?)+$/);
  });

  test("ends a trace without newlines when the grace is used up", async () => {
    const { finish, events } = await generate(rambling("on and on "), {
      reasoning: "on",
      thinking: { budget: 5, grace: 4 },
    });
    expect(finish.reasoningEnd).toBe("hard");
    expect(tokensOf(events).filter(({ reasoning, forced }) => reasoning && !forced)).toHaveLength(9);
  });

  test("puts the closing phrase before the marker", async () => {
    const { reasoning, events } = await generate(rambling("hm "), {
      reasoning: "on",
      thinking: { budget: 2, grace: 0, phrase: " Enough." },
    });
    expect(reasoning).toMatch(/ Enough\.$/);
    const forced = tokensOf(events).filter(({ forced }) => forced);
    expect(tokenizer.decode(forced.map(({ token }) => token))).toBe(" Enough.\n</think>\n\n");
  });

  test("of nothing ends the trace before it starts", async () => {
    const { reasoning, text, finish } = await generate(rambling("never\n"), {
      reasoning: "on",
      thinking: { budget: 0 },
    });
    expect({ reasoning, text }).toEqual({ reasoning: "", text: "Done." });
    expect(finish.reasoningEnd).toBe("hard");
  });

  test("leaves a shorter trace to the model, and never arms again", async () => {
    const answer = `short.</think>\n\n<think>${"more and more ".repeat(20)}`;
    const { finish, text, events } = await generate(answer, {
      reasoning: "on",
      thinking: { budget: 8, grace: 2 },
    });
    expect(finish.reasoningEnd).toBe("model");
    expect(text).toBe(answer.slice("short.</think>\n\n".length));
    expect(tokensOf(events).some(({ forced }) => forced)).toBe(false);
  });

  test("does nothing when the prompt has reasoning off", async () => {
    const { finish, events } = await generate("a\nb\nc", { thinking: { budget: 1, grace: 0 } });
    expect(finish.reasoningEnd).toBeUndefined();
    expect(tokensOf(events).some(({ forced }) => forced)).toBe(false);
  });

  test("endThinking ends the trace of a live stream, once", async () => {
    const context = await scriptedContext(rambling("hm\n"), { tokenizer, endTokens: new Set([END]) });
    const generation = new Generation(context, { prompt, reasoning: "on" });
    const events: GenerateEvent[] = [];
    for await (const event of generation.run()) {
      events.push(event);
      if (tokensOf(events).length >= 5) generation.endThinking();
    }
    expect(events.at(-1)).toMatchObject({ type: "finish", reasoningEnd: "user", finishReason: "stop" });
    expect(foldEvents(events as ToolCallEvent[]).text).toBe("Done.");
    const forced = tokensOf(events).filter((event) => event.forced);
    expect(tokenizer.decode(forced.map(({ token }) => token))).toBe("\n</think>\n\n");
  });

  test.each([false, true])(
    "endThinking at any moment loses nothing that the model wrote (lookahead %s)",
    async (lookahead) => {
      const call = '<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>';
      for (const answer of ["one two</think>\n\nthree", `one <TOOLCALL> two ${call}`]) {
        const length = tokenizer.encode(answer).length;
        for (let at = 0; at < length; at++) {
          const script = scriptOf(tokenizer, answer, prompt.length, END);
          const context = await scriptedContext(script, { tokenizer, endTokens: new Set([END]), lookahead });
          const generation = new Generation(context, { prompt, reasoning: "on" });
          const events: GenerateEvent[] = [];
          for await (const event of generation.run()) {
            events.push(event);
            if (event.type === "token" && tokensOf(events).length === at + 1) generation.endThinking();
          }
          const finish = events.at(-1) as FinishEvent;
          const forced = tokensOf(events).filter((event) => event.forced);
          if (finish.reasoningEnd === "model") expect(forced).toEqual([]);
          else expect(tokenizer.decode(forced.map(({ token }) => token))).toBe("\n</think>\n\n");
          const { reasoning, text, warnings } = foldEvents(events as ToolCallEvent[]);
          expect(reasoning).not.toMatch(/<\/?t?h?i?n?k?$/);
          expect(text).not.toContain("</think>");
          expect(warnings.filter(({ code }) => code === "THINK_END_STRAY")).toEqual([]);
        }
      }
    },
  );

  test("does not cut a marker that the model is writing", async () => {
    for (const answer of ["a b</think>\n\nc", 'a b <TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>']) {
      for (let budget = 1; budget < 8; budget++) {
        const { reasoning, finish, events } = await generate(answer, {
          reasoning: "on",
          thinking: { budget, grace: 0 },
        });
        expect(reasoning).toMatch(/^[ab ]*$/);
        if (finish.reasoningEnd === "model")
          expect(tokensOf(events).some(({ forced }) => forced)).toBe(false);
      }
    }
  });

  test("what is counted as reasoning ends with the tokens that close it", async () => {
    const { finish, events } = await generate("one two</think>\n\nthree", { reasoning: "on" });
    const reasoning = tokensOf(events).filter(({ reasoning }) => reasoning);
    expect(finish.usage.reasoningTokens).toBe(reasoning.length);
    const written = tokenizer.decode(reasoning.map(({ token }) => token));
    expect(written.trimEnd()).toBe("one two</think>");
  });
});

test("an aborted generation throws the signal's reason and gives its states back", async () => {
  const controller = new AbortController();
  const context = await scriptedContext(scriptOf(tokenizer, "x".repeat(500), prompt.length, END), {
    tokenizer,
  });
  const { freeSlots, freePages } = context.executor.pool;
  const reason = new Error("enough");
  const generation = new Generation(context, { prompt, signal: controller.signal });
  const read = async (): Promise<void> => {
    let tokens = 0;
    for await (const event of generation.run()) {
      if (event.type === "token" && ++tokens === 3) setImmediate(() => controller.abort(reason));
    }
  };
  await expect(read()).rejects.toBe(reason);
  expect(context.executor.pool).toMatchObject({ freeSlots, freePages });
});

test("leaving the loop early gives the states back", async () => {
  const context = await scriptedContext(scriptOf(tokenizer, "x".repeat(500), prompt.length, END), {
    tokenizer,
  });
  const { freeSlots, freePages } = context.executor.pool;
  for await (const event of new Generation(context, { prompt }).run()) if (event.type === "token") break;
  expect(context.executor.pool).toMatchObject({ freeSlots, freePages });
});

test("a prompt that goes on from a kept prefix reads only what is new", async () => {
  const context = await scriptedContext(() => END, { tokenizer, endTokens: new Set([END]) });
  const run = async (
    ids: readonly number[],
    snapshotAt: readonly number[],
  ): Promise<FinishEvent["usage"]> => {
    const events = await collect(new Generation(context, { prompt: ids, snapshotAt }));
    return (events.at(-1) as FinishEvent).usage;
  };
  const first = Array.from({ length: 100 }, (_, i) => 20 + i);
  expect((await run(first, [10, 80])).cachedTokens).toBe(0);
  const before = context.read.length;
  const second = [...first.slice(0, 80), 300, 301, 302];
  expect((await run(second, [])).cachedTokens).toBe(80);
  expect(context.read.slice(before)).toEqual([300, 301, 302]);
  expect((await run([...first.slice(0, 79), 9, 9], [])).cachedTokens).toBe(0);
});

test("logits without a token to choose are an error that names the position", async () => {
  await expect(generate((tokens) => (tokens.length < prompt.length + 2 ? 20 : -1))).rejects.toMatchObject({
    code: "LOGITS_INVALID",
    details: { position: prompt.length + 2 },
  });
});
