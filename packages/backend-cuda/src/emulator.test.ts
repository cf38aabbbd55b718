import { expect, test } from "vitest";
import { runKernel } from "../test-support/run-kernel.ts";
import { orders, withEmulator } from "../test-support/with-emulator.ts";
import { f32, i32 } from "./launch.ts";

// What the tests of kernels rely on.
await withEmulator("the emulated GPU", (emulator) => {
  const columns = 1000;
  const x = Float32Array.from({ length: 3 * columns }, (_, i) => Math.sin(i));
  const rmsNorm = async (options: { order?: number; room?: number } = {}) => {
    const { order = 0, room = 3 * columns } = options;
    const y = new Float32Array(room);
    const weight = new Float32Array(columns).fill(2);
    await runKernel(emulator, {
      kernel: "rms_norm",
      grid: [3],
      threads: 256,
      args: [Int32Array.of(3), x, i32(columns), weight, y, i32(columns), i32(columns), f32(1e-5)],
      order,
    });
    return y;
  };

  test("runs a kernel as it stands in its source, the same in every order of threads", async () => {
    const sum = x.subarray(0, columns).reduce((total, value) => total + value * value, 0);
    const first = await rmsNorm();
    expect(first[7]).toBeCloseTo((2 * x[7]!) / Math.sqrt(sum / columns + 1e-5), 5);
    for (const order of orders) expect(await rmsNorm({ order })).toEqual(first);
  });

  test("finds a barrier that is missing", async () => {
    emulator.takeReached();
    const right = await rmsNorm();
    const [barrier] = emulator.takeReached();
    expect(barrier).toMatchObject({ file: "reduce.cuh" });
    emulator.skipBarrier(barrier!.file, barrier!.line);
    const wrong = await rmsNorm();
    emulator.skipBarrier("", 0);
    expect(wrong).not.toEqual(right);
    expect(wrong.some(Number.isNaN)).toBe(true);
  });

  test("finds a write past the end of a buffer", async () => {
    await expect(rmsNorm({ room: 3 * columns - 1 })).rejects.toThrow(
      /rms_norm has written outside of a buffer/,
    );
  });

  test("refuses other threads than the kernel is compiled for", async () => {
    const run = runKernel(emulator, { kernel: "rms_norm", grid: [1], threads: 128, args: [] });
    await expect(run).rejects.toThrow(/cuLaunchKernel for kernel rms_norm failed/);
  });

  test("knows no kernel that no source has", async () => {
    const run = runKernel(emulator, { kernel: "rms_nrom", grid: [1], threads: 128, args: [] });
    await expect(run).rejects.toMatchObject({ resultName: "CUDA_ERROR_NOT_FOUND" });
  });
});
