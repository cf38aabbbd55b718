/**
 * Decodes one block that starts at byte `at` of `view` into consecutive values from `values[i]`.
 *
 * @param scale - the whole tensor's; 1 but for formats that have one.
 */
export type BlockDecoder = (
  view: DataView,
  at: number,
  values: Float32Array,
  i: number,
  scale: number,
) => void;
