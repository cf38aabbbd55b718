import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cut } from "../../testing/cut.ts";
import { foldEvents } from "../fold.ts";
import { createToolCallParser, parse } from "../parser.ts";

interface Row {
  readonly text: string;
  readonly reasoning: "on" | "off";
  readonly expected: { reasoning: string; text: string; toolCalls: unknown[] };
}

// Written by Python's own json and re: see make-nvidia-golden.py beside it.
const golden = readFileSync(new URL("../../fixtures/nvidia-golden.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Row => JSON.parse(line));

describe('compat: "nvidia"', () => {
  test("gives what NVIDIA's rules give in Python, for every recorded text", () => {
    expect(golden.length).toBeGreaterThan(700);
    for (const { text, reasoning, expected } of golden) {
      const result = parse(text, { reasoning, compat: "nvidia" });
      expect({ input: text, ...result }).toEqual({ input: text, ...expected, warnings: [] });
    }
  });

  test("the recorded texts have calls and failures in good number", () => {
    const withCalls = golden.filter(({ expected }) => expected.toolCalls.length > 0).length;
    const failed = golden.filter(
      ({ text, expected }) => text.includes("<TOOLCALL>") && expected.toolCalls.length === 0,
    );
    expect(withCalls).toBeGreaterThan(150);
    expect(failed.length).toBeGreaterThan(150);
  });

  test("gives the same for a text however it is cut", () => {
    fc.assert(
      fc.property(fc.constantFrom(...golden), fc.array(fc.nat()), ({ text, reasoning }, places) => {
        const parser = createToolCallParser({ reasoning, compat: "nvidia" });
        const events = cut(text, places).flatMap((piece) => parser.push(piece));
        expect(foldEvents([...events, ...parser.flush()])).toEqual(
          parse(text, { reasoning, compat: "nvidia" }),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("streams the reasoning, and the text before the first block", () => {
    const parser = createToolCallParser({ reasoning: "on", compat: "nvidia" });
    expect(parser.push("So.")).toEqual([{ type: "reasoning-delta", text: "So." }]);
    expect(parser.push("\n</think>\nYes")).toEqual([
      { type: "reasoning-delta", text: "\n" },
      { type: "text-delta", text: "\nYes" },
    ]);
    expect(parser.push(", <TOOL")).toEqual([{ type: "text-delta", text: ", " }]);
    expect(parser.push("BOX>")).toEqual([{ type: "text-delta", text: "<TOOLBOX>" }]);
  });
});
