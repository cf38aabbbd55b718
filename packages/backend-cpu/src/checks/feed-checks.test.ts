import { describe, expect, test } from "vitest";
import { feedsOf, LARGEST, SmallModel, VOCABULARY } from "../../test-support/small-model.ts";
import { createCpuBackend } from "../index.ts";

describe("the feeds of a step are checked before anything is computed", () => {
  const good = () =>
    feedsOf([
      { slot: 0, start: 0, tokens: [1, 2, 3] },
      { slot: 1, start: 0, tokens: [4, 5] },
    ]);

  test.each<[string, Record<string, number[]>, RegExp]>([
    [
      "a token past the vocabulary",
      { token: [1, 2, 11, 4, 5] },
      /feed "token" is 11 at 2, expected -1 to 10/,
    ],
    ["a slot that does not exist", { slot: [0, 0, 0, 5, 5] }, /feed "slot" is 5 at 3, expected -1 to 4/],
    ["a generated flag that is no flag", { generated: [0, 0, 2, 0, 0] }, /feed "generated" is 2 at 2/],
    ["a negative position", { position: [0, -1, 2, 0, 1] }, /feed "position" is -1 at 1, expected 0 to 2/],
    [
      "a position past the context",
      { position: [0, 1, 3, 0, 1] },
      /feed "position" is 3 at 2, expected 0 to 2/,
    ],
    [
      "an output row past the step",
      { outputRow: [0, 1, 2, 3, 5] },
      /feed "outputRow" is 5 at 4, expected -1 to 4/,
    ],
    [
      "a slot whose page is not there",
      { slot: [0, 0, 0, 3, 3] },
      /row 3 of slot 3 at position 0.*"pageTable" has -1/,
    ],
    [
      "two rows that write one position",
      { position: [0, 1, 1, 0, 1] },
      /rows 1 and 2 both write position 1 of page 0/,
    ],
    [
      "segments past the rows",
      { segment: [0, 3, 0, 0, -1, -1, 3, 3, 1, 1, -1, -1] },
      /segment 1 has 3 rows from 3 on/,
    ],
    [
      "a segment longer than said",
      { segment: [0, 4, 0, 0, -1, -1, 4, 1, 1, 1, -1, -1] },
      /"longestSegment" is 3/,
    ],
    [
      "segments that share a row",
      { segment: [0, 3, 0, 0, -1, -1, 2, 3, 1, 1, -1, -1] },
      /segment 1 has row 2, as segment 0/,
    ],
    [
      "a slot with two segments",
      { segment: [0, 3, 0, 0, -1, -1, 3, 2, 0, 0, -1, -1] },
      /segment 1 writes slot 0, as segment 0/,
    ],
    [
      "a slot that one segment reads and another writes",
      { segment: [0, 3, 1, 0, -1, -1, 3, 2, 1, 1, -1, -1] },
      /segment 0 reads slot 1, which segment 1 writes/,
    ],
    [
      "a segment's slot out of range",
      { segment: [0, 3, 0, 0, -1, -1, 3, 2, 7, 1, -1, -1] },
      /segment 1 has slot 7, expected 0 to 4/,
    ],
    [
      "a mark row of another segment",
      { segment: [0, 3, 0, 0, 4, 2, 3, 2, 1, 1, -1, -1] },
      /segment 0 has mark row 4/,
    ],
    [
      "a mark slot that is written",
      { segment: [0, 3, 0, 0, 1, 1, 3, 2, 1, 1, -1, -1] },
      /segment 1 writes slot 1, as segment 0/,
    ],
    ["a mark slot without a mark row", { segment: [0, 3, 0, 0, -1, 2, 3, 2, 1, 1, -1, -1] }, /mark row -1/],
  ])("%s", async (_, bad, message) => {
    const model = await SmallModel.load(await createCpuBackend());
    const { extents, feeds } = good();
    for (const [name, values] of Object.entries(bad)) feeds[name] = Int32Array.from(values);
    const before = await model.slot(0);
    expect(() => model.step.run(extents, feeds)).toThrow(message);
    expect(await model.slot(0)).toEqual(before);
    model.step.run(extents, good().feeds);
    expect(await model.slot(0)).not.toEqual(before);
  });

  test.each([-1, VOCABULARY])("a slot whose last token is %d cannot be asked for it", async (last) => {
    const model = await SmallModel.load(await createCpuBackend());
    model.states.lastToken!.write(4, new Uint8Array(Int32Array.of(last).buffer));
    const { extents, feeds } = good();
    feeds.token = Int32Array.of(1, 2, 3, -1, 5);
    expect(() => model.step.run(extents, feeds)).toThrow(
      `row 3 asks for the token that slot 1 sampled last, which is ${last}, expected 0 to 10`,
    );
  });

  test("a page that is taken away between steps is missed", async () => {
    const model = await SmallModel.load(await createCpuBackend());
    const { extents, feeds } = good();
    model.step.run(extents, feeds);
    model.states.pageTable!.write(0, new Uint8Array(Int32Array.of(9).buffer));
    expect(() => model.step.run(extents, feeds)).toThrow(/needs page 0 of its slot, but "pageTable" has 9/);
  });

  test("positions stay below the end of the page table", async () => {
    const model = await SmallModel.load(await createCpuBackend());
    const { extents, feeds } = feedsOf([{ slot: 0, start: 96, tokens: [1] }]);
    expect(() => model.step.run({ ...extents, context: LARGEST.context }, feeds)).toThrow(
      /"position" is 96 at 0, expected 0 to 95/,
    );
  });
});
