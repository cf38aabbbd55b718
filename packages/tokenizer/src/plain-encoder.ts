import { Tokenizer as Library } from "@huggingface/tokenizers";
import { fieldError } from "./tokenizer-error.ts";
import type { TokenizerDefinition } from "./tokenizer-files.ts";

// The one place that touches @huggingface/tokenizers (0.2.0). What is worked around here:
//
// - The library always parses special tokens in text. It is not told of them: `special-text.ts` finds them,
//   and only where the caller allows it.
// - A whole pre-token that equals a vocabulary entry becomes that entry under `ignore_merges`, and special
//   tokens are vocabulary entries. They are taken out of its tables.
// - A merge whose result is not in the vocabulary makes it drop text in silence. Such a file is refused.
// - `decode` throws on [], scans all added tokens for each id (18 µs), and has no streaming form. Decoding
//   needs only the bytes of each token, so `vocabulary.ts` and `text-stream.ts` do it.

/** Text to ids, never to the id of a special token. */
export type PlainEncoder = (text: string) => number[];

/** @throws {TokenizerError} when a merge does not give an ordinary token. */
export function createPlainEncoder(definition: TokenizerDefinition): PlainEncoder {
  const special = new Set(
    definition.addedTokens.filter((token) => token.special).map((token) => token.content),
  );
  for (const [i, [left, right]] of definition.merges.entries()) {
    const merged = left + right;
    if (!Object.hasOwn(definition.vocabulary, merged) || special.has(merged))
      throw fieldError(
        "tokenizer.json",
        `model.merges[${i}]`,
        "two tokens that make up an ordinary token of model.vocab",
        [left, right],
      );
  }

  const library = new Library(
    {
      model: {
        type: "BPE",
        vocab: definition.vocabulary,
        merges: definition.merges,
        ignore_merges: definition.ignoreMerges,
      },
      pre_tokenizer: definition.preTokenizer,
      normalizer: definition.normalizer,
      decoder: null,
      post_processor: null,
      added_tokens: definition.addedTokens.filter((token) => !token.special),
    },
    {},
  );
  for (const content of special) library.model?.tokens_to_ids.delete(content);

  return (text) => (text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids);
}
