import { Random } from "@krait/testing";
import { expect, test } from "vitest";
import { runKernel } from "../../test-support/run-kernel.ts";
import { withEmulator } from "../../test-support/with-emulator.ts";
import { f32, i32, none } from "../launch.ts";

/** Rows of a tile; positions of a page. */
const TILE = 64;
const PAGE = 32;
const HEAD_DIM = 4;

await withEmulator("attention of rows in parts", (emulator) => {
  // A tile whose rows are all of one sequence is left to another kernel, and with it the first block of the grid.
  test("is joined for the rows behind a tile that is left out", async () => {
    const rows = TILE + 2;
    const random = new Random(3);
    const slot = Int32Array.from({ length: rows }, (_, row) => Math.max(0, row - TILE + 1));
    const position = Int32Array.from({ length: rows }, (_, row) => (row < TILE ? row : 2 * PAGE - 1));
    const pages = Int32Array.of(0, 1, 2, 3, 4, 5);
    const [keys, values] = [0, 1].map(() => random.normal(6 * PAGE * HEAD_DIM));
    const query = random.normal(rows * HEAD_DIM);
    const attend = async (parts: number): Promise<Float32Array> => {
      const output = new Float32Array(rows * HEAD_DIM);
      const partial = new Float32Array(4 + rows * parts * (HEAD_DIM + 2)).fill(Number.NaN);
      const stride = i32(HEAD_DIM);
      const paged = [Int32Array.of(rows), Int32Array.of(2 * PAGE), slot, position, pages, i32(2)];
      const sizes = [i32(1), i32(1), i32(HEAD_DIM), f32(0.5), i32(1)];
      await runKernel(emulator, {
        kernel: "attention_rows_f32_1_4",
        grid: [1, rows, parts],
        threads: 128,
        args: [...paged, keys!, values!, query, stride, output, stride, parts > 1 ? partial : none, ...sizes],
      });
      if (parts === 1) return output.slice(TILE * HEAD_DIM);
      await runKernel(emulator, {
        kernel: "attention_join",
        grid: [1, rows],
        threads: 128,
        args: [Int32Array.of(rows), slot, partial, output, stride, i32(1), i32(HEAD_DIM), i32(1)],
      });
      return output.slice(TILE * HEAD_DIM);
    };
    const [whole, joined] = [await attend(1), await attend(2)];
    for (const [index, value] of whole.entries()) expect(joined[index]).toBeCloseTo(value, 5);
  });
});
