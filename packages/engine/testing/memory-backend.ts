import type { Backend, DeviceBuffer, Extents, Step } from "@krait/tensor";
import { wrapBackend } from "@krait/testing";

/** A buffer whose bytes a scripted model may look at. */
export interface MemoryBuffer extends DeviceBuffer {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/** Runs what a scripted model does in place of a Program. */
export type Run = (extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>) => void;

/** A backend of nothing but buffers, which reads in a later task where it plays a device. */
export function memoryBackend(base: Backend, asDevice: boolean): Backend {
  return wrapBackend(base, {
    synchronous: !asDevice,
    allocate: (bytes) => memoryBuffer(bytes, asDevice),
    copy(regions) {
      for (const { source, sourceOffset, target, targetOffset, byteLength } of regions) {
        const from = (source as MemoryBuffer).bytes.slice(sourceOffset, sourceOffset + byteLength);
        (target as MemoryBuffer).bytes.set(from, targetOffset);
      }
    },
  });
}

export function memoryBuffer(byteLength: number, asDevice: boolean): MemoryBuffer {
  const bytes = new Uint8Array(Math.ceil(byteLength / 4) * 4);
  return {
    byteLength,
    bytes,
    words: new Int32Array(bytes.buffer),
    write: (offset, values) => bytes.set(values, offset),
    clear: (offset, length) => void bytes.fill(0, offset, offset + length),
    async read(offset = 0, length = byteLength - offset) {
      const copy = bytes.slice(offset, offset + length);
      if (asDevice) await new Promise((resolve) => setImmediate(resolve));
      return copy;
    },
    [Symbol.dispose]() {},
  };
}

export function memoryStep(run: Run, outputs: Step["outputs"]): Step {
  const held: Record<string, ArrayBufferView> = {};
  return {
    run: (extents, feeds) => run(extents, Object.assign(held, feeds)),
    outputs,
    [Symbol.dispose]() {},
  };
}
