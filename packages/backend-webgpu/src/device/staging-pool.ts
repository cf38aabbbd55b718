import { BufferUsage, MAP_READ } from "./flags.ts";

/** A region of a buffer that the host can read, and its bytes once they are there. */
export interface StagingRegion {
  readonly buffer: GPUBuffer;
  readonly byteOffset: number;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
}

/** What a buffer is made to hold, so that the small reads of a step share one. */
const SMALLEST = 4096;

/** Buffers that are kept for later reads. */
const KEPT = 3;

/** A mappable buffer of some reads that are mapped together. */
interface Batch {
  readonly buffer: GPUBuffer;
  usedBytes: number;
  readonly waiting: {
    readonly resolve: (memory: ArrayBuffer) => void;
    readonly reject: (error: unknown) => void;
  }[];
}

/** Buffers through which bytes come from the device. */
export class StagingPool {
  /** How often a buffer was mapped: each one way from the device to the host. */
  mappings = 0;
  readonly #device: GPUDevice;
  readonly #free: GPUBuffer[] = [];
  #filling: Batch[] = [];
  #isDisposed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** A region that the open commands copy to; {@link map} is called once they are submitted. */
  take(byteLength: number): StagingRegion {
    let batch = this.#filling.find(({ buffer, usedBytes }) => usedBytes + byteLength <= buffer.size);
    if (batch === undefined) {
      batch = { buffer: this.#bufferOf(byteLength), usedBytes: 0, waiting: [] };
      this.#filling.push(batch);
    }
    const { buffer, usedBytes: byteOffset, waiting } = batch;
    batch.usedBytes += byteLength;
    const bytes = new Promise<ArrayBuffer>((resolve, reject) => waiting.push({ resolve, reject })).then(
      (memory) => new Uint8Array(memory.slice(byteOffset, byteOffset + byteLength)),
    );
    return { buffer, byteOffset, bytes };
  }

  /** Asks for the bytes of all regions taken since the last time. */
  map(): void {
    const batches = this.#filling;
    this.#filling = [];
    for (const { buffer, usedBytes, waiting } of batches) {
      this.mappings++;
      buffer.mapAsync(MAP_READ, 0, usedBytes).then(
        () => {
          const memory = buffer.getMappedRange(0, usedBytes).slice(0);
          buffer.unmap();
          this.#keep(buffer);
          for (const { resolve } of waiting) resolve(memory);
        },
        (error) => {
          buffer.destroy();
          for (const { reject } of waiting) reject(error);
        },
      );
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const buffer of this.#free.splice(0)) buffer.destroy();
  }

  #bufferOf(byteLength: number): GPUBuffer {
    const index = this.#free.findIndex(({ size }) => size >= byteLength);
    if (index >= 0) return this.#free.splice(index, 1)[0]!;
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(byteLength)));
    return this.#device.createBuffer({
      label: "staging",
      size,
      usage: BufferUsage.mapRead | BufferUsage.copyTarget,
    });
  }

  #keep(buffer: GPUBuffer): void {
    if (!this.#isDisposed && this.#free.length < KEPT && buffer.size <= 2 ** 20) this.#free.push(buffer);
    else buffer.destroy();
  }
}
