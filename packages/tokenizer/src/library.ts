import { type BPE, Tokenizer as Library } from "@huggingface/tokenizers";
import { TokenizerError } from "./tokenizer-error.ts";
import type { TokenizerDefinition } from "./tokenizer-files.ts";

// What is worked around of @huggingface/tokenizers (0.2.0):
//
// - The library always parses special tokens in text. It is not told of them: `special-text.ts` finds them,
//   and only where the caller allows it.
// - A whole pre-token that equals a vocabulary entry becomes that entry under `ignore_merges`, and special
//   tokens are vocabulary entries. They are taken out of its tables.
// - A merge whose result is not in the vocabulary makes it drop text in silence. Such a file is refused.
// - What it does not know of the splitting of text it notices late, or throws a `TypeError` of. It has to encode
//   something before it is trusted.
// - It takes a text as a whole, with every pre-token in memory several times, at 1 MB/s. `word-cutter.ts` cuts off
//   one pre-token after the other by its pattern, so that there can be a pause between two.
// - Its cache looks through all that it has let go whenever it lets go of more: 35 µs a word in a text of many
//   words. It is switched off; `known-words.ts` has another.
// - It merges with an object and a JSON text for each byte: 0.5 MB/s, and of long words 0.1. `merges.ts` does it.
// - `decode` throws on [], scans all added tokens for each id (18 µs), and has no streaming form. Decoding
//   needs only the bytes of each token, so `vocabulary.ts` and `text-stream.ts` do it.

export interface PlainLibrary {
  readonly library: Library;
  /** Of the vocabulary without special tokens. */
  readonly ids: ReadonlyMap<string, number>;
}

/** Has letters, marks, digits, punctuation, spaces and a line end, so that each rule for splitting text has work. */
const SAMPLE = "It's 12 naïve\n  tests, é!";

/**
 * The library with the definition's tables, but for the special tokens.
 *
 * @throws {TokenizerError} when text cannot be split as the file says.
 */
export function createLibrary(definition: TokenizerDefinition): PlainLibrary {
  const { preTokenizer, normalizer, addedTokens } = definition;
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
        added_tokens: addedTokens.filter((token) => !token.special),
      },
      {},
    );
    const model = library.model as BPE;
    for (const { content, special } of addedTokens) if (special) model.tokens_to_ids.delete(content);
    model.max_length_to_cache = 0;
    library.encode(SAMPLE, { add_special_tokens: false });
    return { library, ids: model.tokens_to_ids };
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
