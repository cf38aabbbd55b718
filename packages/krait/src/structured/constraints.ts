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
import { KeptMasks } from "./kept-masks.ts";
import type { StructuredOptions } from "./structured-options.ts";

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
  readonly #kept = new KeptMasks<TokenMasks>();

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
    const masks = this.#kept.get(key, () => {
      const grammar = answerGrammar(asked, tools);
      if (grammar === undefined) return undefined;
      this.#vocabulary ??= vocabularyOf(this.#options());
      return new TokenMasks(grammar, this.#vocabulary);
    });
    if (masks === undefined) return undefined;
    return start === "" ? () => createConstraint(masks) : begunConstraints(masks, start);
  }
}

/**
 * Constraints of answers that have begun.
 *
 * @throws {GrammarError} `GRAMMAR_OPTION` for a start that nothing allowed begins with.
 */
function begunConstraints(masks: TokenMasks, start: string): () => TokenConstraint {
  const begun = (): TokenConstraint => {
    const constraint = createConstraint(masks);
    constraint.begin(start);
    return constraint;
  };
  try {
    begun();
  } catch (error) {
    if (!(error instanceof GrammarError && error.code === "GRAMMAR_TOKEN")) throw error;
    const message = `Nothing that the answer is held to begins with ${JSON.stringify(start)}, as it does already.`;
    throw new GrammarError("GRAMMAR_OPTION", message);
  }
  return begun;
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
