import { Tokenizer as Library } from "@huggingface/tokenizers";
import { fieldError, TokenizerError } from "./tokenizer-error.ts";
import type { TokenizerDefinition } from "./tokenizer-files.ts";

// The one place that touches @huggingface/tokenizers (0.2.0). What is worked around here:
//
// - The library always parses special tokens in text. It is not told of them: `special-text.ts` finds them,
//   and only where the caller allows it.
// - A whole pre-token that equals a vocabulary entry becomes that entry under `ignore_merges`, and special
//   tokens are vocabulary entries. They are taken out of its tables.
// - A merge whose result is not in the vocabulary makes it drop text in silence. Such a file is refused.
// - What it does not know of the splitting of text it notices late, or throws a `TypeError` of. It has to encode
//   something before it is trusted.
// - `decode` throws on [], scans all added tokens for each id (18 µs), and has no streaming form. Decoding
//   needs only the bytes of each token, so `vocabulary.ts` and `text-stream.ts` do it.

/** Text to ids, never to the id of a special token. */
export type PlainEncoder = (text: string) => number[];

/** Has letters, marks, digits, punctuation, spaces and a line end, so that each rule for splitting text has work. */
const SAMPLE = "It's 12 naïve\n  tests, é!";

/** @throws {TokenizerError} when a merge does not give an ordinary token, or text cannot be split as the file says. */
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

  const library = createLibrary(definition, special);
  return (text) => (text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids);
}

/** The library with the definition's tables, but for the special tokens. */
function createLibrary(definition: TokenizerDefinition, special: ReadonlySet<string>): Library {
  const { preTokenizer, normalizer } = definition;
  try {
    const library = new Library(
      {
        model: {
          type: "BPE",
          vocab: definition.vocabulary,
          merges: definition.merges,
          ignore_merges: definition.ignoreMerges,
        },
        pre_tokenizer: preTokenizer,
        normalizer,
        decoder: null,
        post_processor: null,
        added_tokens: definition.addedTokens.filter((token) => !token.special),
      },
      {},
    );
    for (const content of special) library.model?.tokens_to_ids.delete(content);
    library.encode(SAMPLE, { add_special_tokens: false });
    return library;
  } catch (cause) {
    throw new TokenizerError({
      code: "TOKENIZER_UNSUPPORTED",
      message:
        `tokenizer.json: text cannot be split as "pre_tokenizer" and "normalizer" say: ${(cause as Error).message}. ` +
        `The file is damaged, or of a kind that is not supported.`,
      file: "tokenizer.json",
      field: "pre_tokenizer",
      actual: { preTokenizer, normalizer },
      cause,
    });
  }
}
