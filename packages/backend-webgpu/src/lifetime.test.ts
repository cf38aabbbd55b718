import { expect, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { bindLookUp, floatsOf, one } from "../test-support/look-up.ts";
import { patchedAdapter } from "../test-support/patched-adapter.ts";
import { createWebGPUBackend, type WebGpuBackend } from "./index.ts";

/** A backend with its device, so that a test can do to that what happens to devices. */
async function backendWithDevice(): Promise<{ backend: WebGpuBackend; device: GPUDevice }> {
  let device: GPUDevice | undefined;
  const adapter = await patchedAdapter(
    (source) => source,
    (made) => {
      device = made;
    },
  );
  return { backend: await createWebGPUBackend({ adapter }), device: device! };
}

/** Loads, runs and frees. */
async function cycle(backend: WebGpuBackend): Promise<number[]> {
  const { table, lastToken, step } = await bindLookUp(backend);
  step.run(one, { token: Int32Array.of(1) });
  const found = await floatsOf({ read: () => step.outputs.found!.read(0, 4) });
  for (const held of [step, table, lastToken]) held[Symbol.dispose]();
  return found;
}

await withAdapter("the device", () => {
  test("that is destroyed is lost, with everything that is pending", async () => {
    const { backend, device } = await backendWithDevice();
    const { step } = await bindLookUp(backend);
    step.run(one, { token: Int32Array.of(1) });
    const pending = [step.outputs.found!.read(0, 4), step.outputs.found!.read(0, 4)];
    device.destroy();
    const lostWith = { code: "BACKEND_LOST", backend: "webgpu" };
    await Promise.all(pending.map((read) => expect(read).rejects.toMatchObject(lostWith)));
    expect(await backend.lost).toMatchObject({ code: "BACKEND_LOST" });
    const lost = expect.objectContaining({ code: "BACKEND_LOST" });
    expect(() => step.run(one, {})).toThrow(lost);
    expect(() => backend.allocate(4, "late")).toThrow(lost);
    await expect(bindLookUp(backend)).rejects.toMatchObject({ code: "BACKEND_LOST" });
    step[Symbol.dispose]();
    await backend[Symbol.asyncDispose]();
  });

  test("that is lost while a weight streams in ends the loading, and a backend made anew loads it", async () => {
    const { backend, device } = await backendWithDevice();
    const bytes = new Uint8Array(new Float32Array([1, 2]).buffer);
    const loading = backend.loadWeight(
      { shape: [4, 2], format: "f32" },
      {
        byteLength: 32,
        async *pieces() {
          for (let row = 0; row < 4; row++) {
            if (row === 2) device.destroy();
            await backendIsTold(backend, row === 2);
            yield bytes;
          }
        },
      },
    );
    await expect(loading).rejects.toMatchObject({ code: "BACKEND_LOST" });
    await using again = await createWebGPUBackend();
    expect(await cycle(again)).toEqual([20]);
  });

  test("that is lost takes no other backend with it", async () => {
    const { backend, device } = await backendWithDevice();
    await using other = await createWebGPUBackend();
    expect(await cycle(other)).toEqual([20]);
    device.destroy();
    await backend.lost;
    expect(await cycle(other)).toEqual([20]);
  });

  test("holds no buffer after 100 cycles of loading and freeing, nor any when the backend is disposed", async () => {
    const { backend, device } = await backendWithDevice();
    const buffers = new Set<GPUBuffer>();
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        buffers.delete(buffer);
        destroy();
      };
      buffers.add(buffer);
      return buffer;
    };
    await using other = await createWebGPUBackend();
    const { step } = await bindLookUp(other);
    const held = other.counters;
    for (let i = 0; i < 100; i++) await cycle(backend);
    expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });
    expect([...buffers].map(({ label }) => label)).toEqual(["staging"]); // kept for the next read
    await backend[Symbol.asyncDispose]();
    expect(buffers.size).toBe(0);
    expect(await device.lost).toMatchObject({ reason: "destroyed" });
    expect(() => backend.allocate(16, "late")).toThrow(expect.objectContaining({ code: "DISPOSED" }));

    expect(other.counters).toEqual(held);
    step.run(one, { token: Int32Array.of(1) });
    expect(await floatsOf({ read: () => step.outputs.found!.read(0, 4) })).toEqual([20]);
  });
});

async function backendIsTold(backend: WebGpuBackend, isLost: boolean): Promise<void> {
  if (isLost) await backend.lost;
}
