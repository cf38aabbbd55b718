/** Encodes consecutive values from `values[i]` into one block that starts at byte `at` of `view`, all zeros before. */
export type BlockEncoder = (values: Float32Array, i: number, view: DataView, at: number) => void;
