import type { Backend } from "@krait/tensor";
import { median } from "../paired.ts";
import { ceilingsPtx, type Device, deviceOf, EventTimer } from "./gpu.ts";

/** What a GPU does at most. */
export interface Ceilings {
  /** Bytes a second, read and written, of a copy by the driver. */
  readonly copy: number;
  /** Bytes a second that a kernel reads. */
  readonly read: number;
  /** Operations a second of `mma.sync` in bf16, with sums in f32. */
  readonly multiply: number;
}

const ROUNDS = 5;

/** Of ceilings.cu. */
const THREADS = 256;
const OPERATIONS_A_ROUND = (THREADS / 32) * 8 * 4096;

/** Blocks for each multiprocessor. */
const BLOCKS_EACH = 8;

/**
 * Measures with kernels of our own, by the device's clock.
 *
 * @param byteLength - of what is read and copied; more than the device's cache.
 * @param rounds - of products in each warp.
 */
export async function measureCeilings(
  backend: Backend,
  { byteLength, rounds }: { readonly byteLength: number; readonly rounds: number },
): Promise<Ceilings> {
  const device = deviceOf(backend);
  const { memory, queue, properties } = device;
  const blocks = BLOCKS_EACH * properties.multiprocessors;
  const held: bigint[] = [];
  const allocate = (bytes: number, label: string): bigint => {
    const at = memory.allocate(bytes, label, 0);
    held.push(at);
    return at;
  };
  try {
    const [source, target] = [allocate(byteLength, "source"), allocate(byteLength, "target")];
    const found = allocate(4 * THREADS * blocks, "found");
    const copy = await secondsOf(device, () => queue.copy(target, source, byteLength));
    const read = await secondsOf(device, () =>
      launch(device, "read_vectors", blocks, [source, BigInt(byteLength / 16), found]),
    );
    const multiply = await secondsOf(device, () =>
      launch(device, "multiply_tiles", blocks, [BigInt(rounds), found]),
    );
    return {
      copy: (2 * byteLength) / copy,
      read: byteLength / read,
      multiply: (blocks * rounds * OPERATIONS_A_ROUND) / multiply,
    };
  } finally {
    for (const at of held) device.free(at);
  }
}

/** Of one run, by events before and after it; the first is not counted. */
async function secondsOf(device: Device, run: () => void): Promise<number> {
  using timer = new EventTimer(device);
  timer.mark();
  for (let round = 0; round <= ROUNDS; round++) {
    run();
    timer.mark();
  }
  return median((await timer.milliseconds()).slice(1)) / 1000;
}

/** Launches a kernel of ceilings.cu, whose parameters are words; the driver copies them during the call. */
function launch(
  { driver, modules, queue }: Device,
  kernel: string,
  blocks: number,
  words: readonly bigint[],
): void {
  // Explicit buffers stay where they are.
  const values = new BigUint64Array(new ArrayBuffer(8 * words.length));
  values.set(words);
  const addresses = new BigUint64Array(new ArrayBuffer(8 * words.length));
  const base = driver.address(values);
  for (const index of words.keys()) addresses[index] = base + BigInt(8 * index);
  const { handle } = modules.kernel(ceilingsPtx, kernel);
  const size = [blocks, 1, 1, THREADS, 1, 1, 0] as const;
  driver.call("cuLaunchKernel", handle, ...size, queue.stream, addresses, null);
}
