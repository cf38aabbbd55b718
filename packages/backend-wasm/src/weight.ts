import type { KernelWeight } from "@krait/cpu-kernels";
import { KraitError, type TensorSpec } from "@krait/tensor";

/** Where a weight is, and how to reach it. */
export interface WeightPlace {
  /** In the kernels' memory; or, where threads share its rows, the number by which they know it. */
  readonly address: number;
  /** Takes whole rows as their file has them. */
  fill(byteOffset: number, bytes: Uint8Array): void;
  /** Of a weight in the kernels' memory. */
  bytes?(): Uint8Array;
  release(): void;
}

/** A weight as the kernels read it. */
export class WasmWeight implements KernelWeight {
  readonly spec: TensorSpec;
  readonly byteLength: number;
  readonly #place: WeightPlace;
  #isDisposed = false;

  constructor(spec: TensorSpec, byteLength: number, place: WeightPlace) {
    this.spec = spec;
    this.byteLength = byteLength;
    this.#place = place;
  }

  get address(): number {
    return this.#place.address;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  fill(byteOffset: number, bytes: Uint8Array): void {
    this.#place.fill(byteOffset, bytes);
  }

  bytes(): Uint8Array {
    const bytes = this.#place.bytes?.();
    if (bytes === undefined)
      throw new KraitError("WASM_WEIGHT_SHARED", "Rows of this weight are with threads.");
    return bytes;
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#place.release();
  }
}
