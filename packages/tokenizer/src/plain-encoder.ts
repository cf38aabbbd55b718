import { KnownWords } from "./known-words.ts";
import { createLibrary } from "./library.ts";
import { FOUND_WORK, type Pace } from "./pace.ts";
import { specialTextSplitter } from "./special-text.ts";
import type { AddedToken, TokenizerDefinition } from "./tokenizer-files.ts";
import { wordCutter } from "./word-cutter.ts";
import { wordEncoder } from "./word-encoder.ts";

/** Adds a text's ids to a list, never that of a special token, and comes to a pause after each slice of work. */
export type PlainEncoder = (text: string, ids: number[], pace: Pace) => Generator<undefined, void>;

/** @throws {TokenizerError} when a merge does not give an ordinary token, or text cannot be split as the file says. */
export function createPlainEncoder(definition: TokenizerDefinition): PlainEncoder {
  // Words are merged here, so it has no need of the merges, which are most of what it holds and of the time to load.
  const { library, ids: plainIds } = createLibrary({ ...definition, merges: [] });
  const added = definition.addedTokens.filter((token) => !token.special);
  const { normalizer } = library;
  const wordsOf = wordCutter(library.pre_tokenizer);
  const encodeWord = wordEncoder(definition, plainIds);
  if (wordsOf === undefined || !added.every((token) => standsForItself(token, normalizer !== null))) {
    const { library } = createLibrary(definition);
    return function* (text, ids, pace) {
      if (text === "") return;
      for (const id of library.encode(text, { add_special_tokens: false }).ids) ids.push(id);
      if (pace.spend(FOUND_WORK * text.length)) yield;
    };
  }

  const addedIds = new Map(added.map(({ content, id }) => [content, id]));
  const splitAtAdded = specialTextSplitter(addedIds.keys());
  const knownWords = new KnownWords();
  return function* (text, ids, pace) {
    for (const piece of splitAtAdded(text)) {
      if ("special" in piece) {
        ids.push(addedIds.get(piece.special)!);
        continue;
      }
      const normalized = normalizer === null ? piece.text : normalizer(piece.text);
      if (normalized === "") continue;
      for (const word of wordsOf(normalized)) {
        let wordIds = knownWords.get(word);
        if (wordIds !== undefined) {
          if (pace.spend(word.length)) yield;
        } else {
          if (pace.spend(FOUND_WORK * word.length)) yield;
          wordIds = yield* encodeWord(word, pace);
          knownWords.add(word, wordIds);
        }
        for (const id of wordIds) ids.push(id);
      }
    }
  };
}

/** Whether an added token is found by its text alone, in the text as it was given. */
function standsForItself({ lstrip, rstrip, normalized }: AddedToken, isNormalized: boolean): boolean {
  return !lstrip && !rstrip && !(isNormalized && (normalized ?? true));
}
