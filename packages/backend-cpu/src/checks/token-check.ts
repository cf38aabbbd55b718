import type { Operand, OpOf, Program } from "@krait/tensor";
import type { Bindings } from "../bindings.ts";
import type { FeedCheck, Refuse } from "./feed-checks.ts";

/** Fed tokens, and the tokens that slots sampled last where they are asked for, are in the vocabulary. */
export function tokenCheck(
  op: OpOf<"resolveToken">,
  program: Program,
  at: Bindings,
  refuse: Refuse,
): FeedCheck {
  const vocabularySize = vocabularyOf(program, op.output);
  const token = at.intFeed(op.token);
  const slot = at.intFeed(op.slot);
  const lastToken = at.intState(op.lastToken);
  return ({ rows }) => {
    for (let row = 0; row < rows; row++) {
      if (slot[row] === -1) continue;
      const fed = token[row]!;
      if (fed < -1 || fed >= vocabularySize) {
        refuse(`feed "${op.token.feed}" is ${fed} at ${row}, expected -1 to ${vocabularySize - 1}`);
      }
      const last = lastToken[slot[row]!]!;
      if (fed === -1 && (last < 0 || last >= vocabularySize)) {
        refuse(
          `row ${row} asks for the token that slot ${slot[row]} sampled last, which is ${last}, ` +
            `expected 0 to ${vocabularySize - 1}`,
        );
      }
    }
  };
}

/** The smallest vocabulary in which a token value is looked up. */
function vocabularyOf(program: Program, { value }: Operand): number {
  let size = 2 ** 31;
  for (const op of program.ops) {
    if (op.op === "embed" && op.token.value === value) size = Math.min(size, op.vocabularySize);
    if (op.op === "countTokens" && op.token.value === value) {
      size = Math.min(size, program.states[op.count.state]!.shape[0]!);
    }
  }
  return size;
}
