import type { Step } from "@krait/tensor";
import { expect, test } from "vitest";
import { bindLayer, layerProgram, readOutputs } from "../test-support/layer-program.ts";
import { withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend, timeLaunches } from "./index.ts";

const extents = { rows: 1, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
const layer = layerProgram(extents, (each) => {
  const rows = each.rows(8);
  const normed = each.b.rmsNorm(rows, each.weight("norm", [8]), { epsilon: 1e-5 });
  each.b.output("y", each.b.linear(normed, each.weight("up", [5, 8])));
});

await withEmulator("a step that is timed", ({ library }) => {
  test("runs kernel by kernel, says what each took, and leaves what it leaves as one graph", async () => {
    await using backend = await createCudaBackend({ library });
    using held = new DisposableStack();
    const { step } = await bindLayer(backend, layer, held);
    step.run(extents, layer.inputs.feeds);
    const untimed = await readOutputs(step, layer);
    const times = await timeLaunches(step, extents, layer.inputs.feeds);
    expect(await readOutputs(step, layer)).toEqual(untimed);
    expect(times.map(({ op, kernel }) => [layer.program.ops[op]!.op, kernel])).toEqual([
      ["resolveToken", "resolve_token"],
      ["embed", "embed_f32"],
      ["rmsNorm", "rms_norm"],
      ["linear", "linear_few_rows_f32_1"],
    ]);
    expect(times.every(({ milliseconds }) => milliseconds > 0)).toBe(true);
  });
});

test("only steps of this backend are timed", async () => {
  const step: Step = { outputs: {}, run() {}, [Symbol.dispose]() {} };
  await expect(timeLaunches(step, extents, {})).rejects.toThrow(/Only steps of a CUDA backend/);
});
