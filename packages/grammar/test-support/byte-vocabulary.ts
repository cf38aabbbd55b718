import { createVocabulary, type Vocabulary } from "../src/index.ts";

export const END = 0;
const FIRST_BYTE = 1;

/** An end token, a special token without text, every byte, and some longer tokens. */
const longer = [
  '{"',
  '": ',
  '",',
  ', "',
  '"}',
  "}]",
  "true",
  "null",
  "123",
  "TOOL",
  "</TO",
  "é",
  "\n\n",
  " [",
  "abc",
];

export const vocabulary: Vocabulary = createVocabulary({
  size: FIRST_BYTE + 257 + longer.length,
  tokenBytes(id) {
    if (id < FIRST_BYTE) return undefined;
    if (id < FIRST_BYTE + 256) return Uint8Array.of(id - FIRST_BYTE);
    return id === FIRST_BYTE + 256 ? undefined : new TextEncoder().encode(longer[id - FIRST_BYTE - 257]);
  },
  endTokens: [END],
});
