/** Decodes one block that starts at byte `at` of `view` into consecutive values from `values[i]`. */
export type BlockDecoder = (view: DataView, at: number, values: Float32Array, i: number) => void;
