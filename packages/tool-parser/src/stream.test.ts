import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adversarialText, parserOptions } from "../testing/adversarial-text.ts";
import { cut } from "../testing/cut.ts";
import type { ToolCallEvent } from "./events.ts";
import { foldEvents } from "./fold.ts";
import { createToolCallParser, parse } from "./parser.ts";

const places = fc.array(fc.nat(), { maxLength: 30 });

function stream(pieces: readonly string[], options: Parameters<typeof parse>[1]): ToolCallEvent[] {
  const parser = createToolCallParser(options);
  const events = pieces.flatMap((piece) => parser.push(piece));
  return [...events, ...parser.flush()];
}

describe("for any text", () => {
  test("the events of any way of cutting it fold to the one-shot result", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, places, (text, options, at) => {
        expect(foldEvents(stream(cut(text, at), options))).toEqual(parse(text, options));
      }),
      { numRuns: 5000 },
    );
  });

  test("one character at a time gives the one-shot result", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, (text, options) => {
        expect(foldEvents(stream(text.split(""), options))).toEqual(parse(text, options));
      }),
      { numRuns: 2000 },
    );
  });

  test("every call is started once, grows to its arguments, and ends or is aborted once", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, places, (text, options, at) => {
        const open = new Map<number, { name: string; grown: string }>();
        let next = 0;
        for (const event of stream(cut(text, at), options)) {
          if (event.type === "tool-call-start") {
            expect(event.index).toBe(next++);
            open.set(event.index, { name: event.name, grown: "" });
          }
          if (event.type === "tool-call-delta") open.get(event.index)!.grown += event.text;
          if (event.type === "tool-call-end") {
            expect({ name: event.name, grown: event.arguments }).toEqual(open.get(event.index));
            open.delete(event.index);
          }
          if (event.type === "tool-call-abort") expect(open.delete(event.index)).toBe(true);
        }
        expect(open.size).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });

  test("arguments are a JSON object unless a warning says otherwise", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, (text, options) => {
        const { toolCalls, warnings } = parse(text, options);
        const isObject = (json: string) => {
          try {
            const value: unknown = JSON.parse(json);
            return typeof value === "object" && value !== null && !Array.isArray(value);
          } catch {
            return false;
          }
        };
        const others = toolCalls.filter((call) => !isObject(call.arguments));
        expect(warnings.filter(({ code }) => code === "ARGUMENTS_NOT_OBJECT")).toHaveLength(others.length);
      }),
      { numRuns: 3000 },
    );
  });

  test("no event ends in half a character where the text has none", () => {
    const halves = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
    fc.assert(
      fc.property(adversarialText, parserOptions, (text, options) => {
        fc.pre(!halves.test(text) && !/\\ud/.test(text));
        for (const event of stream(text.split(""), options)) {
          if ("text" in event) expect(event.text).not.toMatch(halves);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("for an answer in the model's format", () => {
  const words = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("<", "").trim());
  const call = fc.record({
    name: fc.string({ minLength: 1 }),
    arguments: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  });
  const answer = fc.record({ reasoning: words, text: words, toolCalls: fc.array(call, { maxLength: 3 }) });

  test("what was written is what is read", () => {
    fc.assert(
      fc.property(answer, places, ({ reasoning, text, toolCalls }, at) => {
        const calls = toolCalls.map(
          (one) => `{"name": ${JSON.stringify(one.name)}, "arguments": ${one.arguments}}`,
        );
        const block = calls.length > 0 ? `\n\n<TOOLCALL>[${calls.join(", ")}]</TOOLCALL>` : "";
        const written = `${reasoning}\n</think>\n\n${text}${block}`;
        expect(foldEvents(stream(cut(written, at), { reasoning: "on" }))).toEqual({
          reasoning,
          text,
          toolCalls,
          warnings: [],
        });
      }),
      { numRuns: 1000 },
    );
  });
});
