import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adversarialText, parserOptions } from "../testing/adversarial-text.ts";
import { cut } from "../testing/cut.ts";
import { createToolCallParser, parse } from "./parser.ts";
import { createReasoningTracker } from "./reasoning-tracker.ts";

describe("the reasoning tracker", () => {
  test("is in the reasoning until the last character of </think>, over any number of tokens", () => {
    const tracker = createReasoningTracker({ reasoning: "on" });
    const steps = ["So", ".\n", "</", "thi", "nk", ">", "\n\n", "Hi"].map((token) => {
      tracker.push(token);
      return `${tracker.phase} ${tracker.partialMarker}`;
    });
    expect(steps).toEqual([
      "reasoning ",
      "reasoning ",
      "reasoning </",
      "reasoning </thi",
      "reasoning </think",
      "content ",
      "content ",
      "content ",
    ]);
  });

  test("is in the content from the start when the prompt turned reasoning off", () => {
    const tracker = createReasoningTracker({ reasoning: "off" });
    expect(tracker.phase).toBe("content");
    expect(tracker.push("a</think>b")).toEqual([{ kind: "content", text: "a</think>b" }]);
  });

  test("stays in the reasoning at what only looks like the end of it", () => {
    const tracker = createReasoningTracker({ reasoning: "on" });
    for (const text of ["a </thin", "g> b <", " </THINK> ", "<<", "/thinks"]) {
      tracker.push(text);
      expect(tracker.phase).toBe("reasoning");
    }
    tracker.push("<</think>");
    expect(tracker.phase).toBe("content");
  });

  test("agrees with whoever forces the end, even inside a beginning of a marker", () => {
    for (const begun of ["Let me think", "a </thi", "a <TOOLCALL>\n", "line\n"]) {
      const parser = createToolCallParser({ reasoning: "on" });
      parser.push(begun);
      expect(parser.reasoning.phase).toBe("reasoning");
      parser.push("\n</think>\n\n");
      expect(parser.reasoning.phase).toBe("content");
      expect(parser.push("Answer")).toEqual([{ type: "text-delta", text: "Answer" }]);
      expect(parse(`${begun}\n</think>\n\nAnswer`, { reasoning: "on" }).reasoning).toBe(begun.trimEnd());
    }
  });

  test("ends the reasoning at a tool call, unless that is to be taken literally", () => {
    const text = "I call <TOOLCALL>\n[";
    const closing = createReasoningTracker({ reasoning: "on" });
    expect(closing.push(text)).toEqual([
      { kind: "reasoning", text: "I call" },
      { kind: "content", text: " <TOOLCALL>\n[" },
    ]);
    const literal = createReasoningTracker({ reasoning: "on", toolCallInReasoning: "literal" });
    expect(literal.push(text)).toEqual([{ kind: "reasoning", text }]);
  });

  test("takes a mention of <TOOLCALL> without a bracket for reasoning", () => {
    const tracker = createReasoningTracker({ reasoning: "on" });
    tracker.push("The <TOOLCALL> tag, <TOOLCALL></TOOLCALL>");
    expect(tracker.phase).toBe("reasoning");
  });

  test("gives pieces that are the text, for any text cut anywhere", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, fc.array(fc.nat()), (text, options, places) => {
        const tracker = createReasoningTracker(options);
        const pieces = cut(text, places).flatMap((piece) => tracker.push(piece));
        expect([...pieces, ...tracker.flush()].map((piece) => piece.text).join("")).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("alone says what it says inside the parser, after every token", () => {
    fc.assert(
      fc.property(adversarialText, parserOptions, fc.array(fc.nat()), (text, options, places) => {
        const tracker = createReasoningTracker(options);
        const parser = createToolCallParser(options);
        for (const piece of cut(text, places)) {
          tracker.push(piece);
          parser.push(piece);
          expect(parser.reasoning.phase).toBe(tracker.phase);
          expect(parser.reasoning.partialMarker).toBe(tracker.partialMarker);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
