// The low bits of a block straight from its stored words to those of a plane, for formats that have nothing else
// but scales in front of them: ten times as fast as value by value, which counts where a file has billions.

/** Packs the low bits of the block that starts at `at` of `stored` into the words from `to`. */
export type WordPacker = (stored: DataView, at: number, words: Uint32Array, to: number) => void;

const LOW_NIBBLES = 0x0f0f0f0f;

/** ggml's nibbles: byte j holds value j low and value j + 16 high. */
export const halvesApart: WordPacker = (stored, at, words, to) => {
  for (let i = 0; i < 2; i++) {
    const first = stored.getUint32(at + 8 * i, true);
    const next = stored.getUint32(at + 8 * i + 4, true);
    words[to + i] = (first & LOW_NIBBLES) | ((next & LOW_NIBBLES) << 4);
    words[to + i + 2] = ((first >>> 4) & LOW_NIBBLES) | (next & ~LOW_NIBBLES);
  }
};

/** Sixteen values: byte j holds value 2j low and value 2j + 1 high. */
export const inPairs: WordPacker = (stored, at, words, to) => {
  for (let i = 0; i < 2; i++) {
    const nibbles = stored.getUint32(at + 4 * i, true);
    words[to + i] = spread(nibbles & 0xffff) | (spread(nibbles >>> 16) << 4);
  }
};

/** 32 bytes. */
export const wholeBytes: WordPacker = (stored, at, words, to) => {
  for (let i = 0; i < 8; i++) words[to + i] = stored.getUint32(at + 4 * i, true);
};

/** Four nibbles, each at the bottom of a byte. */
function spread(nibbles: number): number {
  const bytes = (nibbles | (nibbles << 8)) & 0x00ff00ff;
  return (bytes | (bytes << 4)) & LOW_NIBBLES;
}
