import { DisposedError } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { floatsOf, loadLookUp, ONE_ROW } from "../test-support/look-up.ts";

describe("run", () => {
  test("keeps feeds that are not given, zeros at first", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    const rows = { ...ONE_ROW, rows: 3 };
    step.run(rows, {});
    expect(await floatsOf(step.outputs.found!)).toEqual([10, 10, 10]);
    step.run(rows, { token: Int32Array.of(1, 0, 1) });
    expect(await floatsOf(step.outputs.found!)).toEqual([20, 10, 20]);
    step.run(ONE_ROW, { token: Int32Array.of(0) });
    step.run(rows, {});
    expect(await floatsOf(step.outputs.found!)).toEqual([10, 10, 20]);
  });

  test("takes its own copy of the feeds", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    const token = Int32Array.of(1);
    step.run(ONE_ROW, { token });
    token[0] = 0;
    step.run(ONE_ROW, {});
    expect((await floatsOf(step.outputs.found!))[0]).toBe(20);
  });

  test("a token of −1 is what the slot sampled last", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    lastToken.write(4, new Uint8Array(Int32Array.of(1).buffer));
    step.run({ ...ONE_ROW, rows: 2 }, { token: Int32Array.of(-1, -1), slot: Int32Array.of(0, 1) });
    expect((await floatsOf(step.outputs.found!)).slice(0, 2)).toEqual([10, 20]);
  });

  test.each([
    ["an unknown feed", ONE_ROW, { tokens: Int32Array.of(0) }, /no feed "tokens"; its feeds are slot, token/],
    [
      "another dtype",
      ONE_ROW,
      { token: Float32Array.of(0) },
      /"token" is Float32Array, expected Int32Array for i32/,
    ],
    [
      "too few elements",
      { ...ONE_ROW, rows: 2 },
      { token: Int32Array.of(0) },
      /1 elements, expected 2 for \[2\]/,
    ],
    ["more rows than compiled for", { ...ONE_ROW, rows: 4 }, {}, /"rows" is 4, expected 0 to 3/],
    ["a missing extent", { ...ONE_ROW, rows: undefined as unknown as number }, {}, /"rows" is undefined/],
  ])("refuses %s", async (_, extents, feeds, message) => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    expect(() => step.run(extents, feeds)).toThrow(message);
    expect(() => step.run(extents, feeds)).toThrow(expect.objectContaining({ code: "BINDING_INVALID" }));
  });

  test("refuses to run with what is disposed", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const bind = () => executable.bind({ weights: { table }, states: { lastToken } });
    const disposed = bind();
    disposed[Symbol.dispose]();
    expect(() => disposed.run(ONE_ROW, {})).toThrow(DisposedError);
    await expect(disposed.outputs.found!.read()).rejects.toThrow(DisposedError);

    const orphan = bind();
    lastToken[Symbol.dispose]();
    expect(() => orphan.run(ONE_ROW, {})).toThrow(/State "lastToken" is disposed/);
    executable[Symbol.dispose]();
    expect(bind).toThrow(DisposedError);
  });
});

test("a step that is timed computes the same, and has a time for each op", async () => {
  const { backend, executable, table, lastToken } = await loadLookUp();
  const step = executable.bind({ weights: { table }, states: { lastToken } });
  const next = backend.profileStep!();
  step.run(ONE_ROW, { token: Int32Array.of(1) });
  expect((await floatsOf(step.outputs.found!))[0]).toBe(20);
  const { extents, ops } = await next;
  expect(extents).toEqual(ONE_ROW);
  expect(ops.map(({ op }) => op.op)).toEqual(["resolveToken", "embed"]);
  expect(ops.every(({ seconds }) => seconds >= 0 && seconds < 1)).toBe(true);
});
