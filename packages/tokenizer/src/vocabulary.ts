import { byteLevelAlphabet, byteLevelToBytes } from "./byte-level.ts";
import { describe, fieldError, TokenizerError } from "./tokenizer-error.ts";
import { isId, type TokenizerDefinition } from "./tokenizer-files.ts";

/**
 * The bytes of every token.
 *
 * They lie end to end in one array, with the offset of each id beside it: a hundred thousand small arrays
 * would cost ten times the memory.
 */
export interface Vocabulary {
  /** One more than the highest id. */
  readonly size: number;
  /** The bytes of a token; a view, not to be written. @throws {TokenizerError} when there is no such token. */
  bytes(id: number): Uint8Array;
}

/** @throws {TokenizerError} when ids are not ids, clash, or when a byte has no token of its own. */
export function createVocabulary(definition: TokenizerDefinition): Vocabulary {
  const bytesOfId = readBytes(definition);
  const offsets = new Uint32Array(bytesOfId.length + 1);
  for (let id = 0; id < bytesOfId.length; id++) offsets[id + 1] = offsets[id]! + (bytesOfId[id]?.length ?? 0);
  const allBytes = new Uint8Array(offsets[bytesOfId.length]!);
  for (let id = 0; id < bytesOfId.length; id++) allBytes.set(bytesOfId[id] ?? [], offsets[id]!);

  const size = bytesOfId.length;
  return {
    size,
    bytes(id) {
      const start = offsets[id];
      const end = offsets[id + 1];
      // A token has at least one byte, so an empty range is a hole in the numbering.
      if (start === undefined || end === undefined || start === end) throw unknownId(id, size);
      return allBytes.subarray(start, end);
    },
  };
}

function readBytes({ vocabulary, addedTokens }: TokenizerDefinition): Uint8Array[] {
  const bytesOfId: Uint8Array[] = [];
  for (const token in vocabulary) {
    const id = vocabulary[token];
    const field = `model.vocab[${JSON.stringify(token)}]`;
    if (!isId(id)) throw fieldError("tokenizer.json", field, "a token id", id);
    if (bytesOfId[id]) throw fieldError("tokenizer.json", field, "an id that no other token has", id);
    bytesOfId[id] = byteLevelToBytes(token);
  }
  // Without a token for each byte, text outside the vocabulary would vanish without a trace.
  for (const character of byteLevelAlphabet())
    if (vocabulary[character] === undefined)
      throw fieldError(
        "tokenizer.json",
        `model.vocab["${character}"]`,
        "an id: every byte needs one",
        undefined,
      );

  for (const { id, content } of addedTokens) {
    const field = `added_tokens: ${JSON.stringify(content)}`;
    if (Object.hasOwn(vocabulary, content) && vocabulary[content] !== id)
      throw fieldError("tokenizer.json", field, `id ${vocabulary[content]} as in model.vocab`, id);
    if (bytesOfId[id] && vocabulary[content] !== id)
      throw fieldError("tokenizer.json", field, "an id that no other token has", id);
    bytesOfId[id] = new TextEncoder().encode(content);
  }
  return bytesOfId;
}

function unknownId(id: number, size: number): TokenizerError {
  return new TokenizerError({
    code: "TOKENIZER_ID",
    message: `There is no token ${describe(id)}; this vocabulary has the ids 0 to ${size - 1}. Check that model and tokenizer belong together.`,
    expected: `an id from 0 to ${size - 1}`,
    actual: id,
  });
}
