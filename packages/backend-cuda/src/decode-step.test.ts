import { architectureOf, resolveModelOptions } from "@krait/models";
import type { Extents, Format, Program } from "@krait/tensor";
import { readConfig } from "@krait/testing";
import { expect, test } from "vitest";
import { bucketOf } from "./bucket.ts";
import { CompileContext } from "./compile-context.ts";
import { launchesOf } from "./kernels/kernels.ts";

const device = { ordinal: 0, name: "H200", compute: "9.0", multiprocessors: 132, sharedBytes: 227 * 1024 };

/** The kernels that a token of each of so many sequences takes in the 9B, whose matrices have this format. */
function kernelsOf(format: Format, sequences: number, context: number): string[] {
  const architecture = architectureOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));
  const formats = Object.fromEntries(
    architecture.weights.map(({ name, kind }) => [name, kind === "matrix" ? format : "f32"]),
  );
  const options = { maxContext: 131_072, maxSequences: 8, chunkRows: 512 };
  const { program, largest } = resolveModelOptions(architecture, { kvDtype: "bf16" }, formats, options);
  const { forward, sample } = architecture.programs(program);
  const launched = (of: Program, extents: Extents): string[] => {
    const at = new CompileContext(of, largest, device);
    return of.ops
      .flatMap((op) => launchesOf(op, at))
      .filter(({ grid }) => grid(bucketOf(extents, largest)).every((count) => count !== 0))
      .map(({ kernel }) => kernel);
  };
  const rows = { rows: sequences, segments: sequences, longestSegment: 1, context, outputRows: sequences };
  const drawn = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: sequences };
  return [...launched(forward, rows), ...launched(sample, drawn)];
}

const count = (kernels: readonly string[], prefix: string): number =>
  kernels.filter((kernel) => kernel.startsWith(prefix)).length;

/*
 * 27 layers of Mamba, 25 of an MLP, 4 of attention. Around them resolveToken, countTokens (2), embed, gatherRows, the
 * last norm and the head; then adjustLogits (2), drawToken (3), and the drawn token's logit.
 */
const around = 7 + 6;

test("a token of the 9B in bf16 takes four kernels a layer of Mamba, two an MLP and six of attention", () => {
  const kernels = kernelsOf("bf16", 1, 60);
  expect(kernels.length).toBe(27 * 4 + 25 * 2 + 4 * 6 + around);
  expect(count(kernels, "convolve_and_scan")).toBe(27);
  expect(count(kernels, "gated_group_norm_window")).toBe(27);
  expect(count(kernels, "linear_few_rows_bf16_1_normed")).toBe(27 + 25 + 4 * 3);
  for (const apart of ["causal_conv", "ssm_", "gated_group_norm"]) expect(kernels).not.toContain(apart);
  // The norm before the head, whose input nobody reads again.
  expect(count(kernels, "rms_norm")).toBe(1);
});

test("a token of the 9B in four bits takes a norm besides, which leaves the bytes that products read", () => {
  const kernels = kernelsOf("q4_k", 1, 60);
  expect(kernels.length).toBe(27 * 5 + 25 * 3 + 4 * 7 + around);
  expect(count(kernels, "normalize_and_quantize")).toBe(56);
  expect(count(kernels, "rms_norm")).toBe(1);
  expect(count(kernels, "quantize_rows")).toBe(0);
});

test("a long context takes one kernel more for each layer of attention, which joins its parts", () => {
  expect(kernelsOf("bf16", 1, 131_072).length - kernelsOf("bf16", 1, 60).length).toBe(4);
});

test("eight sequences take as many kernels as one and the norms", () => {
  expect(kernelsOf("bf16", 8, 60).length - kernelsOf("bf16", 1, 60).length).toBe(56);
});
