import type { Backend } from "@krait/tensor";
import { median } from "../paired.ts";

const ROUNDS = 5;
const COPIES = 10;

/** Bytes a second, read and written, of copies from buffer to buffer by the driver. */
export async function measureCopy(backend: Backend, byteLength: number): Promise<number> {
  using source = backend.allocate(byteLength, "copy source");
  using target = backend.allocate(byteLength, "copy target");
  const region = { source, sourceOffset: 0, target, targetOffset: 0, byteLength };
  const seconds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    await target.read(0, 4);
    const started = performance.now();
    for (let copy = 0; copy < COPIES; copy++) backend.copy([region]);
    await target.read(0, 4);
    seconds.push((performance.now() - started) / 1000 / COPIES);
  }
  return (2 * byteLength) / median(seconds.slice(1));
}
