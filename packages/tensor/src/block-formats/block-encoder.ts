/**
 * Encodes consecutive values from `values[i]` into one block that starts at byte `at` of `view`, all zeros before.
 *
 * @param scale - the whole tensor's; 1 but for formats that have one.
 */
export type BlockEncoder = (
  values: Float32Array,
  i: number,
  view: DataView,
  at: number,
  scale: number,
) => void;
