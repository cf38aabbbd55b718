import { foldEvents, type ToolCallEvent } from "@krait/tool-parser";
import { describe, expect, test } from "vitest";
import { collect, END, generate, prompt, scriptedEngine, tokenizer, tokensOf } from "../testing/generate.ts";
import { type Script, scriptOf } from "../testing/scripted-model.ts";
import type { FinishEvent, GenerateEvent } from "./events.ts";

describe("the thinking budget", () => {
  /** Reasons in lines of one kind until `</think>` stands in what was read, then answers. */
  const rambling = (line: string): Script => {
    const reasoning = tokenizer.encode(line.repeat(100));
    const done = tokenizer.encode("Done.");
    return (tokens) => {
      const written = tokenizer.decode(tokens.slice(prompt.length));
      const [, answer] = written.split("</think>\n\n");
      if (answer === undefined) return reasoning[tokens.length - prompt.length] ?? END;
      return done[tokenizer.encode(answer).length] ?? END;
    };
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

  test("ends the trace at the very token of the budget, where that ends a line", async () => {
    const line = "I think on.\n";
    const endsLine = tokenizer.encode(line.repeat(20)).map((id) => tokenizer.tokenText(id).endsWith("\n"));
    for (let budget = 1; budget < 14; budget++) {
      const { events } = await generate(rambling(line), { reasoning: "on", thinking: { budget } });
      const own = tokensOf(events).filter(({ reasoning, forced }) => reasoning && !forced);
      expect(own).toHaveLength(endsLine.indexOf(true, budget - 1) + 1);
    }
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
    const { engine } = await scriptedEngine(rambling("hm\n"));
    const generation = engine.generate({ prompt, reasoning: "on" });
    const events: GenerateEvent[] = [];
    for await (const event of generation) {
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
          const { engine } = await scriptedEngine(script, { asDevice: lookahead }, { lookahead });
          const generation = engine.generate({ prompt, reasoning: "on" });
          const events: GenerateEvent[] = [];
          for await (const event of generation) {
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

  test("waits for a marker no longer than one takes, however often another is begun", async () => {
    const { finish, events } = await generate(rambling("<"), {
      ...{ reasoning: "on", maxTokens: 90 },
      thinking: { budget: 3, grace: 0 },
    });
    expect(finish.reasoningEnd).toBe("hard");
    expect(tokensOf(events).filter(({ reasoning, forced }) => reasoning && !forced)).toHaveLength(3 + 12);
  });

  test("what is counted as reasoning ends with the tokens that close it", async () => {
    const { finish, events } = await generate("one two</think>\n\nthree", { reasoning: "on" });
    const reasoning = tokensOf(events).filter(({ reasoning }) => reasoning);
    expect(finish.usage.reasoningTokens).toBe(reasoning.length);
    const written = tokenizer.decode(reasoning.map(({ token }) => token));
    expect(written.trimEnd()).toBe("one two</think>");
  });

  test("holds in a prompt that goes on from the cache, and for each of several answers", async () => {
    const { engine } = await scriptedEngine(rambling("hm "));
    const request = { prompt, reasoning: "on", thinking: { budget: 4, grace: 0 }, snapshotAt: [2] } as const;
    for (const n of [1, 3]) {
      const events = await collect(engine.generate({ ...request, n }));
      const finishes = events.filter((event): event is FinishEvent => event.type === "finish");
      expect(finishes).toHaveLength(n);
      for (const { reasoningEnd, usage } of finishes) {
        expect(reasoningEnd).toBe("hard");
        expect(usage.cachedTokens).toBe(n === 1 ? 0 : prompt.length - 1);
      }
      for (const choice of n === 1 ? [undefined] : [0, 1, 2]) {
        const own = events.filter((event) => event.choice === choice);
        expect(tokensOf(own).filter(({ reasoning, forced }) => reasoning && !forced)).toHaveLength(4);
        expect(foldEvents(own as ToolCallEvent[]).text).toBe("Done.");
      }
    }
  });

  test.each([false, true])(
    "puts its phrase whole, wherever a step fails and everybody is read again (looking ahead: %s)",
    async (asDevice) => {
      const undisturbed = "hm ".repeat(20);
      for (let failing = 1; failing < 30; failing++) {
        let steps = 0;
        const beforeStep = (): void => {
          if (++steps === failing) throw new Error("a step fails");
        };
        const { engine } = await scriptedEngine(rambling("hm "), { asDevice, beforeStep });
        const thinking = { budget: 4, grace: 0, phrase: " I have thought enough about this." };
        const answers = [1, 2].map(() =>
          collect(engine.generate({ prompt, reasoning: "on", thinking, maxTokens: 60 })),
        );
        for (const events of await Promise.all(answers)) {
          const { text, reasoning } = foldEvents(events as ToolCallEvent[]);
          expect(text).toBe("Done.");
          expect(reasoning.endsWith(thinking.phrase)).toBe(true);
          expect(undisturbed.startsWith(reasoning.slice(0, -thinking.phrase.length))).toBe(true);
          expect(tokensOf(events).filter(({ reasoning, forced }) => reasoning && !forced)).toHaveLength(4);
        }
      }
    },
  );
});
