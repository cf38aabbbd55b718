import { Random } from "@krait/testing";
import { expect, test } from "vitest";
import { runKernel } from "../../test-support/run-kernel.ts";
import { withEmulator } from "../../test-support/with-emulator.ts";
import { i32 } from "../launch.ts";

const VOCABULARY = 9001;

/** Ids of the largest logits, the lower id among equals first; NaN is none of them. */
function largestOf(logits: Float32Array, wanted: number): number[] {
  const ids = [...logits.keys()].filter((id) => !Number.isNaN(logits[id]!));
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, wanted);
}

await withEmulator("the largest logits of a large vocabulary", (emulator) => {
  test.each([1, 20, 300])("are found among many equals, in every part of it: %i", async (wanted) => {
    // Of few values, so that many are equal.
    const rows = [1, 2].map((seed) =>
      new Random(seed).normal(VOCABULARY, 2).map((value) => Math.round(value)),
    );
    rows[1]!.fill(Number.NaN, 100, 5000);
    const logits = Float32Array.from(rows.flatMap((row) => [...row]));
    const [ids, largest] = [new Int32Array(2 * wanted), new Float32Array(2 * wanted)];
    for (const order of [0, 3]) {
      await runKernel(emulator, {
        kernel: "top_k",
        grid: [2],
        threads: 512,
        sharedBytes: 65_536,
        args: [
          Int32Array.of(2),
          logits,
          ids,
          i32(wanted),
          largest,
          i32(wanted),
          i32(VOCABULARY),
          i32(wanted),
        ],
        order,
      });
      const right = rows.flatMap((row) => largestOf(row, wanted));
      expect([...ids]).toEqual(right);
      expect([...largest]).toEqual(right.map((id, index) => rows[Math.floor(index / wanted)]![id]));
    }
  });
});
