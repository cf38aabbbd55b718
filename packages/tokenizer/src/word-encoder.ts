import type { BPE } from "@huggingface/tokenizers";
import { byteLevelAlphabet, textToByteLevel } from "./byte-level.ts";
import type { WordIds } from "./known-words.ts";
import { createMergeTable, mergeWord } from "./merges.ts";
import type { Pace } from "./pace.ts";
import { fieldError } from "./tokenizer-error.ts";
import type { TokenizerDefinition } from "./tokenizer-files.ts";

/** Bytes of the longest word that the library merges. */
const LIBRARY_BYTES = 16;

/**
 * What finds the ids of a single word.
 *
 * @throws {TokenizerError} when a merge does not give an ordinary token.
 */
export function wordEncoder(
  { merges, ignoreMerges, vocabulary }: TokenizerDefinition,
  model: BPE,
): (word: string, pace: Pace) => Generator<undefined, WordIds> {
  const table = createMergeTable(merges, model.tokens_to_ids);
  const idOfByte = Int32Array.from(byteLevelAlphabet(), (character) => {
    const id = model.tokens_to_ids.get(character);
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
    if (bytes.length <= LIBRARY_BYTES)
      return model.encode([textToByteLevel(word)]).map((token) => model.tokens_to_ids.get(token)!);
    if (ignoreMerges && bytes.length <= longest) {
      const id = model.tokens_to_ids.get(textToByteLevel(word));
      if (id !== undefined) return [id];
    }
    const symbols = new Int32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) symbols[i] = idOfByte[bytes[i]!]!;
    return yield* mergeWord(table, symbols, pace);
  };
}
