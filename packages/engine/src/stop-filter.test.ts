import fc from "fast-check";
import { expect, test } from "vitest";
import { StopFilter } from "./stop-filter.ts";

function run(
  stops: readonly string[],
  pieces: readonly string[],
): { text: string; found: string | undefined } {
  const filter = new StopFilter(stops);
  const text = pieces.map((piece) => filter.push(piece)).join("") + filter.flush();
  return { text, found: filter.found };
}

test("a stop string in several pieces ends the text before it", () => {
  expect(run(["\nUser:"], ["Hello.", "\nUs", "er", ": more"])).toEqual({ text: "Hello.", found: "\nUser:" });
});

test("text that only begins like a stop string is given in full", () => {
  expect(run(["END"], ["E", "N", "!"])).toEqual({ text: "EN!", found: undefined });
});

test("of two stop strings the one that is complete first counts", () => {
  expect(run(["abcd", "bc"], ["abcd"])).toEqual({ text: "a", found: "bc" });
  expect(run(["abc", "bc"], ["abc"])).toEqual({ text: "", found: "abc" });
});

test("of two stop strings that are complete at once the longer one counts, in whatever order they are given", () => {
  for (const stops of [
    ["bc", "abc"],
    ["abc", "bc"],
  ]) {
    const filter = new StopFilter(stops);
    expect(filter.push("xabcd")).toBe("x");
    expect(filter.found).toBe("abc");
  }
});

test("the text does not depend on how it is cut, and is what comes before the first stop string", () => {
  const letters = fc.stringMatching(/^[ab]{1,4}$/);
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 3 }),
      fc.array(fc.stringMatching(/^[abc]{0,5}$/), { maxLength: 12 }),
      (stops, pieces) => {
        const text = pieces.join("");
        const ends = stops
          .filter((stop) => text.includes(stop))
          .map((stop) => ({ start: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
          .sort((a, b) => a.end - b.end || a.start - b.start);
        const { text: given, found } = run(stops, pieces);
        expect(given).toBe(ends[0] === undefined ? text : text.slice(0, ends[0].start));
        expect(found === undefined).toBe(ends.length === 0);
      },
    ),
  );
});

test("nothing is held back that cannot become a stop string", () => {
  const filter = new StopFilter(["xyz"]);
  expect(filter.push("abx")).toBe("ab");
  expect(filter.push("ya")).toBe("xya");
});
