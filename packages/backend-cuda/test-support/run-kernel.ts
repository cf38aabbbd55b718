import { Driver } from "../src/driver/driver.ts";
import type { Argument, Grid } from "../src/launch.ts";
import type { Emulator } from "./emulator.ts";

export interface KernelRun {
  /** The name that `KERNEL` gives it. */
  readonly kernel: string;
  readonly grid: Grid;
  readonly threads: number;
  /** Dynamic shared memory of a block. */
  readonly sharedBytes?: number;
  /** In the order of its parameters: arrays, which it reads and writes in place, numbers, and null pointers. */
  readonly args: readonly (NodeJS.TypedArray | Argument)[];
  /** The order of blocks and threads; rising unless given. */
  readonly order?: number;
}

/**
 * Runs one kernel on the emulated GPU. Each array has an allocation of its own, with margins that must
 * stay as they are.
 *
 * @throws {CudaError} with what the emulator found wrong.
 */
export async function runKernel(
  emulator: Emulator,
  { kernel, grid: [x, y = 1, z = 1], threads, sharedBytes = 0, args, order = 0 }: KernelRun,
): Promise<void> {
  const driver = await Driver.load(emulator.library);
  const stream = driver.handle("cuStreamCreate", 0);
  const image = Buffer.from(".version\0");
  const module = driver.handle("cuModuleLoadDataEx", image, 0, null, null);
  const handle = driver.handle("cuModuleGetFunction", module, kernel);
  if (sharedBytes > 0) driver.call("cuFuncSetAttribute", handle, 8, sharedBytes);
  const values = new DataView(new ArrayBuffer(8 * args.length));
  const addresses = new BigUint64Array(new ArrayBuffer(8 * args.length));
  const base = driver.address(new Uint8Array(values.buffer));
  const copies: { readonly at: bigint; readonly device: Uint8Array; readonly host: Uint8Array }[] = [];
  for (const [index, argument] of args.entries()) {
    addresses[index] = base + BigInt(8 * index);
    if ("kind" in argument) {
      if (argument.kind === "i32") values.setInt32(8 * index, argument.value, true);
      else if (argument.kind === "f32") values.setFloat32(8 * index, argument.value, true);
      else if (argument.kind !== "none") throw new Error(`a ${argument.kind} has no address here`);
      continue;
    }
    const host = new Uint8Array(argument.buffer, argument.byteOffset, argument.byteLength);
    const at = driver.handle("cuMemAllocAsync", host.byteLength, stream);
    // Memory of the emulated device is the host's.
    const device = driver.view(at, host.byteLength);
    device.set(host);
    copies.push({ at, device, host });
    values.setBigUint64(8 * index, at, true);
  }
  emulator.setOrder(order);
  try {
    driver.callFor(`kernel ${kernel}`, () => {
      driver.call("cuLaunchKernel", handle, x, y, z, threads, 1, 1, sharedBytes, stream, addresses, null);
      driver.call("cuStreamSynchronize", stream);
    });
    for (const { device, host } of copies) host.set(device);
  } catch (error) {
    emulator.reset();
    throw error;
  } finally {
    for (const { at } of copies) driver.call("cuMemFreeAsync", at, stream);
    driver.call("cuStreamDestroy_v2", stream);
    emulator.setOrder(0);
  }
}
