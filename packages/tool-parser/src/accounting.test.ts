import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adversarialText, parserOptions } from "../testing/adversarial-text.ts";
import { cut } from "../testing/cut.ts";
import type { ParseResult, ToolCall } from "./events.ts";
import { foldEvents } from "./fold.ts";
import { createRobustParser } from "./robust-parser.ts";
import { type Segment, SegmentList } from "./segments.ts";

type Options = Parameters<typeof createRobustParser>[0];

function account(pieces: readonly string[], options: Options): { result: ParseResult; segments: Segment[] } {
  const trace = new SegmentList();
  const parser = createRobustParser(options, trace);
  const events = pieces.flatMap((piece) => parser.push(piece));
  return { result: foldEvents([...events, ...parser.flush()]), segments: [...trace] };
}

/** The result again, from nothing but the segments. */
function rebuild(segments: readonly Segment[]): Omit<ParseResult, "warnings"> & { members: string[] } {
  const join = (kind: Segment["kind"]) =>
    segments
      .filter((segment) => segment.kind === kind)
      .map(({ text }) => text)
      .join("");
  const toolCalls: ToolCall[] = [];
  let call: { id?: string; name?: string; arguments?: string } = {};
  segments.forEach(({ kind, text }, i) => {
    if (kind === "key") call[JSON.parse(text) as "name" | "id" | "arguments"] = "";
    if (kind === "name" || kind === "id" || kind === "arguments") {
      // Behind a quote the value is a string; elsewhere it stands as it was written.
      const isString = segments[i - 1]!.kind === "marker" && segments[i - 1]!.text.endsWith('"');
      call[kind] = isString ? JSON.parse(`"${text}"`) : text;
    }
    if (kind !== "marker") return;
    for (const char of text) {
      if (char === "{") call = {};
      if (char === "}") toolCalls.push({ arguments: "{}", ...call } as ToolCall);
    }
  });
  const members = segments.filter(({ kind }) => kind === "member").map(({ text }) => text);
  return { reasoning: join("reasoning"), text: join("text"), toolCalls, members };
}

describe("every character is in exactly one place of the result, in a marker, or space beside a marker", () => {
  test("for any text, cut anywhere", () => {
    fc.assert(
      fc.property(
        adversarialText,
        parserOptions,
        fc.array(fc.nat(), { maxLength: 20 }),
        (text, options, places) => {
          const { result, segments } = account(cut(text, places), options);

          // Nothing is lost and nothing is counted twice: the segments are the text …
          expect(segments.map((segment) => segment.text).join("")).toBe(text);

          // … the result is the segments …
          const { members, ...rebuilt } = rebuild(segments);
          const { warnings, ...rest } = result;
          expect(rest).toEqual(rebuilt);
          expect(warnings.flatMap(({ source }) => source ?? [])).toEqual(members);

          // … and what is not in the result is syntax, or space beside it.
          segments.forEach((segment, i) => {
            if (segment.kind === "marker")
              expect(segment.text).toMatch(/^(<\/?think>|<\/?TOOLCALL>|[[\]{},:"])+$/);
            if (segment.kind === "key")
              expect(["name", "id", "arguments"]).toContain(JSON.parse(segment.text));
            if (segment.kind !== "space") return;
            expect(segment.text).toMatch(/^[ \t\r\n]+$/);
            const before = segments.slice(0, i).findLast(({ kind }) => kind !== "space");
            const after = segments.slice(i).find(({ kind }) => kind !== "space");
            expect([before?.kind, after?.kind]).toContain("marker");
          });
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("calls, aborted calls and every kind of segment do occur in such texts", () => {
    const kinds = new Set<string>();
    const codes = new Set<string>();
    for (const [text, options] of fc.sample(fc.tuple(adversarialText, parserOptions), {
      numRuns: 2000,
      seed: 1,
    })) {
      const { result, segments } = account([text], options);
      for (const { kind } of segments) kinds.add(kind);
      for (const { code } of result.warnings) codes.add(code);
    }
    expect([...kinds].sort()).toEqual(
      ["arguments", "id", "key", "marker", "member", "name", "reasoning", "space", "text"].sort(),
    );
    expect(codes.size).toBe(9);
  });
});
