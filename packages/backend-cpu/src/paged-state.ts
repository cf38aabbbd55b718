import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, PAGE_SIZE } from "@krait/tensor";

/** Keys or values of all pages, `[pages, PAGE_SIZE, keyValueHeads, headDim]`, in the format they are stored in. */
export type PagedState =
  | { readonly dtype: "f32"; readonly data: Float32Array }
  | { readonly dtype: "f16" | "bf16"; readonly data: Uint16Array };

/** Stores values from element `at` of the state on, rounded to its format. */
export function storeValues(
  state: PagedState,
  at: number,
  values: Float32Array,
  from: number,
  count: number,
): void {
  if (state.dtype === "f32") {
    for (let i = 0; i < count; i++) state.data[at + i] = values[from + i]!;
  } else {
    const narrow = state.dtype === "f16" ? f32ToF16 : f32ToBf16;
    for (let i = 0; i < count; i++) state.data[at + i] = narrow(values[from + i]!);
  }
}

/** One head's part of one page as f32: position p of the page starts at `data[offset + p · stride]`. */
export class PageReader {
  readonly stride: number;
  readonly data: Float32Array;
  offset = 0;
  readonly #state: PagedState;
  readonly #keyValueHeads: number;
  readonly #headDim: number;

  constructor(state: PagedState, keyValueHeads: number, headDim: number) {
    this.#state = state;
    this.#keyValueHeads = keyValueHeads;
    this.#headDim = headDim;
    const isF32 = state.dtype === "f32";
    this.stride = isF32 ? keyValueHeads * headDim : headDim;
    this.data = isF32 ? state.data : new Float32Array(PAGE_SIZE * headDim);
  }

  /** f32 is read where it is; the 16-bit formats are decoded. */
  moveTo(page: number, head: number): void {
    const state = this.#state;
    const headDim = this.#headDim;
    const rowSize = this.#keyValueHeads * headDim;
    const start = page * PAGE_SIZE * rowSize + head * headDim;
    if (state.dtype === "f32") {
      this.offset = start;
      return;
    }
    const widen = state.dtype === "f16" ? f16ToF32 : bf16ToF32;
    for (let p = 0; p < PAGE_SIZE; p++) {
      for (let i = 0; i < headDim; i++) {
        this.data[p * headDim + i] = widen(state.data[start + p * rowSize + i]!);
      }
    }
  }
}
