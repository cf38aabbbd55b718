import { textToByteLevel } from "./byte-level.ts";
import { nextTask } from "./next-task.ts";
import { FOUND_WORK, Pace } from "./pace.ts";
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

export interface EncodeAsyncOptions extends EncodeOptions {
  /** Ends the encoding at the next pause, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** What is waited for between two slices of work; the next task of the event loop unless given. */
  readonly pause?: (() => Promise<void>) | undefined;
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
   * @throws {TokenizerError} `TOKENIZER_SPECIAL` when a piece names an unknown special token, `TOKENIZER_TEXT` when
   *   a word is too long to be found.
   */
  encode(text: string | readonly PromptPiece[], options?: EncodeOptions): number[];
  /**
   * The same ids, found in slices of some milliseconds with a pause after each, in which timers, input and other
   * people's answers get their turn.
   *
   * @throws as {@link encode}, and the signal's reason.
   */
  encodeAsync(text: string | readonly PromptPiece[], options?: EncodeAsyncOptions): Promise<number[]>;
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

  const encodePiece = function* (piece: PromptPiece, ids: number[], pace: Pace): Generator<undefined, void> {
    if ("text" in piece) return yield* encodePlain(piece.text, ids, pace);
    const id = specialTokens.get(piece.special);
    if (id === undefined) throw unknownSpecial(piece.special, specialTokens.size);
    ids.push(id);
    if (pace.spend(FOUND_WORK)) yield;
  };
  const encodeInSlices = function* (
    text: string | readonly PromptPiece[],
    { special = "plain" }: EncodeOptions,
  ): Generator<undefined, number[]> {
    const ids: number[] = [];
    const pace = new Pace();
    for (const piece of typeof text === "string" ? [{ text }] : text) {
      const parts = special === "parse" && "text" in piece ? splitAtSpecial(piece.text) : [piece];
      for (const part of parts) yield* encodePiece(part, ids, pace);
    }
    return ids;
  };

  return {
    encode(text, options = {}) {
      const slices = encodeInSlices(text, options);
      for (;;) {
        const slice = slices.next();
        if (slice.done) return slice.value;
      }
    },
    async encodeAsync(text, { signal, pause = nextTask, ...options } = {}) {
      const slices = encodeInSlices(text, options);
      for (;;) {
        signal?.throwIfAborted();
        const slice = slices.next();
        if (slice.done) return slice.value;
        await pause();
      }
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
