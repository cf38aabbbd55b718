import type { Tool } from "@krait/chat-template";
import type { TokenConstraint } from "@krait/engine";
import {
  createConstraint,
  createVocabulary,
  GrammarError,
  TokenMasks,
  type Vocabulary,
} from "@krait/grammar";
import type { Tokenizer } from "@krait/tokenizer";
import { answerGrammar } from "./answer-grammar.ts";
import type { StructuredOptions } from "./structured-options.ts";

/** Grammars whose masks are kept, as the same schema comes again and again, and what all of them may take. */
const KEPT_GRAMMARS = 32;
const KEPT_SIZE = 1_000_000;

export interface ConstraintsOptions {
  readonly tokenizer: Tokenizer;
  /** Of the model, which may have logits for ids that the tokenizer has no token for. */
  readonly vocabularySize: number;
  readonly endTokens: readonly number[];
}

/** What holds a model's answers to what was asked for. The vocabulary is prepared when it is first needed. */
export class Constraints {
  readonly #options: () => ConstraintsOptions;
  #vocabulary: Vocabulary | undefined;
  /** By what was asked for, the least recently used first. */
  readonly #masks = new Map<string, TokenMasks>();

  constructor(options: () => ConstraintsOptions) {
    this.#options = options;
  }

  /**
   * Makes constraints, one for each answer; undefined where the answer is free.
   *
   * @param start - what is there of the answer already.
   * @throws {GrammarError} for what cannot be enforced, by name, and for a start that nothing allowed begins with.
   */
  of(asked: StructuredOptions, tools: readonly Tool[], start = ""): (() => TokenConstraint) | undefined {
    const { format, toolChoice, allowedTools, parallelToolCalls } = asked;
    const key = JSON.stringify([format, toolChoice, allowedTools, parallelToolCalls, tools]);
    let masks = this.#masks.get(key);
    if (masks === undefined) {
      const grammar = answerGrammar(asked, tools);
      if (grammar === undefined) return undefined;
      this.#vocabulary ??= vocabularyOf(this.#options());
      masks = new TokenMasks(grammar, this.#vocabulary);
    }
    this.#masks.delete(key);
    this.#masks.set(key, masks);
    this.#makeRoom();
    const shared = masks;
    const begun = (): TokenConstraint => {
      const constraint = createConstraint(shared);
      constraint.begin(start);
      return constraint;
    };
    requireStart(begun, start);
    return begun;
  }

  /** Gives up the least recently used, but never the last. */
  #makeRoom(): void {
    let size = 0;
    for (const masks of this.#masks.values()) size += masks.size;
    for (const [key, masks] of this.#masks) {
      const isWithin = this.#masks.size <= KEPT_GRAMMARS && size <= KEPT_SIZE;
      if (isWithin || this.#masks.size === 1) return;
      this.#masks.delete(key);
      size -= masks.size;
    }
  }
}

function requireStart(begun: () => TokenConstraint, start: string): void {
  try {
    begun();
  } catch {
    const message = `Nothing that the answer is held to begins with ${JSON.stringify(start)}, as it does already.`;
    throw new GrammarError("GRAMMAR_OPTION", message);
  }
}

function vocabularyOf({ tokenizer, vocabularySize, endTokens }: ConstraintsOptions): Vocabulary {
  const special = new Set(tokenizer.specialTokens.values());
  const hasText = (id: number) => id < tokenizer.vocabularySize && !special.has(id);
  return createVocabulary({
    size: vocabularySize,
    tokenBytes: (id) => (hasText(id) ? tokenizer.tokenBytes(id) : undefined),
    endTokens,
  });
}
