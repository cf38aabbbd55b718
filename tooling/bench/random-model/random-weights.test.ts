import { byteLength, dequantize } from "@krait/tensor";
import { expect, test } from "vitest";
import { RandomWeights } from "./random-weights.ts";

test.each(["f32", "bf16", "q8_0", "q4_0", "q5_1"] as const)(
  "rows of %s fill the matrix, and have the deviation that keeps activations as they are",
  async (format) => {
    const shape = [40_000, 64] as const;
    const pieces: Uint8Array[] = [];
    for await (const piece of new RandomWeights(1).matrix(shape, format)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    expect(bytes.byteLength).toBe(byteLength({ shape, format }));
    const values = dequantize(format, bytes);
    const meanSquare = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(meanSquare * 64).toBeCloseTo(1, 1);
  },
);

test("decays are negative, so that no state grows without bound", () => {
  const a = new RandomWeights(1).vector("layers.0.a", [100]);
  expect(Math.max(...a)).toBeLessThan(0);
});
