import type { Random } from "@krait/testing";
import { createConstraint, type Grammar, TokenMasks } from "../src/index.ts";
import { END, vocabulary } from "./byte-vocabulary.ts";

const isAllowed = (mask: Uint32Array, token: number) => ((mask[token >>> 5]! >>> (token & 31)) & 1) === 1;

/** Whether a grammar has this text, read in tokens of one byte as a model could write it. */
export function hasText(grammar: Grammar, text: string): boolean {
  const constraint = createConstraint(new TokenMasks(grammar, vocabulary));
  for (const byte of new TextEncoder().encode(text)) {
    if (!isAllowed(constraint.mask(), 1 + byte)) return false;
    constraint.accept(1 + byte);
  }
  return isAllowed(constraint.mask(), END);
}

/** Tokens that bring a text towards its end, the most eager first. */
const closing = [END, ...Array.from('"]}0', (character) => 1 + character.charCodeAt(0))];

/** A text that tokens drawn under the masks make. When it gets long, tokens that close something are preferred. */
export function drawText(masks: TokenMasks, random: Random, patience = 60): string {
  const constraint = createConstraint(masks);
  const bytes: number[] = [];
  const text = () => new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
  for (let drawn = 0; !constraint.isFinished; drawn++) {
    if (drawn > 1000) throw new Error(`No end after ${text()}`);
    const mask = constraint.mask();
    const allowed = Array.from({ length: vocabulary.size }, (_, token) => token).filter((token) =>
      isAllowed(mask, token),
    );
    if (allowed.length === 0) throw new Error(`Stuck after ${text()}`);
    const eager = drawn > patience ? closing.find((token) => allowed.includes(token)) : undefined;
    const token = eager ?? allowed[random.integer(0, allowed.length)]!;
    constraint.accept(token);
    bytes.push(...vocabulary.bytes(token));
  }
  return text();
}
