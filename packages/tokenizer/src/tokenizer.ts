import { textToByteLevel } from "./byte-level.ts";
import { createPlainEncoder } from "./plain-encoder.ts";
import type { PromptPiece } from "./prompt-piece.ts";
import { specialTextSplitter } from "./special-text.ts";
import { createTextStream, decodeIds, type TextStream } from "./text-stream.ts";
import { describe, TokenizerError } from "./tokenizer-error.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import { createVocabulary } from "./vocabulary.ts";

export interface EncodeOptions {
  /**
   * What text like `</s>` becomes. `"plain"` (the default): the tokens of these characters. `"parse"`: the
   * special token; only for text that no user, tool or document had a part in.
   */
  readonly special?: "parse" | "plain";
}

export interface DecodeOptions {
  /** Leaves special tokens out. `decode` keeps them unless told otherwise, `stream` leaves them out. */
  readonly skipSpecial?: boolean;
}

export interface Tokenizer {
  /**
   * Text, or the pieces of a rendered prompt, to ids. No beginning-of-sequence token is added.
   *
   * Each piece is encoded by itself, so the ids of pieces joined are the joined ids of the pieces.
   *
   * @throws {TokenizerError} `TOKENIZER_SPECIAL` when a piece names an unknown special token.
   */
  encode(text: string | readonly PromptPiece[], options?: EncodeOptions): number[];
  /**
   * Ids to text. Bytes that are not UTF-8 become U+FFFD. Spaces are left as they are, whatever
   * `clean_up_tokenization_spaces` says.
   *
   * @throws {TokenizerError} `TOKENIZER_ID` when an id is not in the vocabulary.
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** A decoder for ids that come one by one. */
  stream(options?: DecodeOptions): TextStream;
  /** The id of the one token that is exactly this text, special tokens included. */
  tokenId(text: string): number | undefined;
  /** The text of one token; bytes that are only a part of a character show as U+FFFD. */
  tokenText(id: number): string;
  /** The bytes of one token, which need not be whole characters. */
  tokenBytes(id: number): Uint8Array;
  /** Text → id of every token that is marked special. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** One more than the highest id. */
  readonly vocabularySize: number;
  /** The ids that `tokenizer_config.json` or `special_tokens_map.json` name, where they do. */
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly padId: number | undefined;
  readonly unkId: number | undefined;
}

/**
 * A byte-level BPE tokenizer from the files of a model's folder.
 *
 * @throws {TokenizerError} when a file is damaged or of a kind that is not supported.
 */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const definition = readTokenizerFiles(files);
  const vocabulary = createVocabulary(definition);
  const encodePlain = createPlainEncoder(definition);
  const { roles } = definition;

  const special = definition.addedTokens.filter((token) => token.special);
  const specialTokens = new Map(special.map(({ content, id }) => [content, id]));
  const splitAtSpecial = specialTextSplitter(specialTokens.keys());
  const specialIds = new Set(specialTokens.values());
  const noIds = new Set<number>();

  const addedIds = new Map(definition.addedTokens.map(({ content, id }) => [content, id]));
  const tokenId = (text: string): number | undefined => {
    const added = addedIds.get(text);
    if (added !== undefined) return added;
    const spelled = textToByteLevel(text);
    return addedIds.has(spelled) || !Object.hasOwn(definition.vocabulary, spelled)
      ? undefined
      : definition.vocabulary[spelled];
  };
  const roleId = (text: string | undefined) => (text === undefined ? undefined : tokenId(text));

  const encodePiece = (piece: PromptPiece): number[] => {
    if ("text" in piece) return encodePlain(piece.text);
    const id = specialTokens.get(piece.special);
    if (id === undefined) throw unknownSpecial(piece.special, specialTokens.size);
    return [id];
  };

  return {
    encode(text, { special = "plain" } = {}) {
      const pieces = typeof text === "string" ? [{ text }] : text;
      if (special === "plain") return pieces.flatMap(encodePiece);
      return pieces
        .flatMap((piece) => ("text" in piece ? splitAtSpecial(piece.text) : [piece]))
        .flatMap(encodePiece);
    },
    decode: (ids, { skipSpecial = false } = {}) =>
      decodeIds(vocabulary, ids, skipSpecial ? specialIds : noIds),
    stream: ({ skipSpecial = true } = {}) => createTextStream(vocabulary, skipSpecial ? specialIds : noIds),
    tokenId,
    tokenText: (id) => decodeIds(vocabulary, [id], noIds),
    tokenBytes: (id) => vocabulary.bytes(id).slice(),
    specialTokens,
    vocabularySize: vocabulary.size,
    bosId: roleId(roles.bos),
    eosId: roleId(roles.eos),
    padId: roleId(roles.pad),
    unkId: roleId(roles.unk),
  };
}

function unknownSpecial(special: string, known: number): TokenizerError {
  return new TokenizerError({
    code: "TOKENIZER_SPECIAL",
    message: `The prompt has ${describe(special)} as a special token, but it is none of this tokenizer's ${known}. Check that template and tokenizer belong together.`,
    expected: "a special token of tokenizer.json",
    actual: special,
  });
}
