import { byteLevelAlphabet, bytesToByteLevel } from "./byte-level.ts";
import type { WordIds } from "./known-words.ts";
import { createMergeTable, mergeWord } from "./merges.ts";
import type { Pace } from "./pace.ts";
import { fieldError } from "./tokenizer-error.ts";
import type { TokenizerDefinition } from "./tokenizer-files.ts";

/**
 * What finds the ids of a single word.
 *
 * @param ids - of the vocabulary without special tokens.
 * @throws {TokenizerError} when a merge does not give an ordinary token.
 */
export function wordEncoder(
  { merges, ignoreMerges, vocabulary }: TokenizerDefinition,
  ids: ReadonlyMap<string, number>,
): (word: string, pace: Pace) => Generator<undefined, WordIds> {
  const table = createMergeTable(merges, ids);
  const idOfByte = Int32Array.from(byteLevelAlphabet(), (character) => {
    const id = ids.get(character);
    if (id !== undefined) return id;
    const field = `model.vocab["${character}"]`;
    throw fieldError(
      "tokenizer.json",
      field,
      "an ordinary token: every byte needs one",
      vocabulary[character],
    );
  });
  const longest = Object.keys(vocabulary).reduce((most, token) => Math.max(most, token.length), 0);
  const utf8 = new TextEncoder();
  return function* (word, pace) {
    const bytes = utf8.encode(word);
    if (ignoreMerges && bytes.length <= longest) {
      const id = ids.get(bytesToByteLevel(bytes));
      if (id !== undefined) return [id];
    }
    const symbols = new Int32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) symbols[i] = idOfByte[bytes[i]!]!;
    return yield* mergeWord(table, symbols, pace);
  };
}
