import {
  BindingError,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Extent,
  type Extents,
  type FeedRef,
  type Op,
  type Operand,
  type OpOf,
  PAGE_SIZE,
  type Program,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { checkSegments } from "./segment-check.ts";

/** Looks at what the feeds hold before a step. @throws {BindingError} naming the feed, the row and the range. */
export type FeedCheck = (extents: Extents) => void;

/**
 * What every op of a Program expects of its feeds, each question asked once. The inner loops then need
 * no checks, and a host that mixes up slots, rows or pages hears of it here and not in its logits.
 */
export function feedChecks(program: Program, at: Bindings): FeedCheck[] {
  const checks = new Map<string, FeedCheck>();
  for (const op of program.ops) {
    for (const [question, check] of checksOf(op, program, at)) {
      if (!checks.has(question)) checks.set(question, check);
    }
  }
  return [...checks.values()];
}

function* checksOf(op: Op, program: Program, at: Bindings): Generator<[question: string, check: FeedCheck]> {
  const refuse = (message: string): never => {
    throw new BindingError(`Program "${program.name}": ${message}.`);
  };
  /** Elements of a feed that stand for an extent lie from `least` to below `end`. */
  function* range(
    { feed }: FeedRef,
    extent: Extent,
    least: number,
    end: (extents: Extents) => number,
    question = "",
  ): Generator<[string, FeedCheck]> {
    const values = at.intFeed({ feed });
    yield [
      `${feed} ${question}`,
      (extents) => {
        const limit = end(extents);
        for (let i = 0; i < extents[extent]; i++) {
          const value = values[i]!;
          if (value >= least && value < limit) continue;
          refuse(`feed "${feed}" is ${value} at ${i}, expected ${least} to ${limit - 1}`);
        }
      },
    ];
  }

  switch (op.op) {
    case "resolveToken": {
      const slots = at.stateCount(op.lastToken);
      yield* range(op.slot, "rows", -1, () => slots, `of ${slots}`);
      yield [`${op.token.feed} token`, tokenCheck(op, vocabularyOf(program, op.output), at, refuse)];
      break;
    }
    case "countTokens":
      yield* range(op.generated, "rows", 0, () => 2);
      yield segmentCheck(op);
      break;
    case "causalConv":
    case "ssmScan":
      yield segmentCheck(op);
      break;
    case "gatherRows":
      yield* range(op.row, "outputRows", -1, ({ rows }) => rows);
      break;
    case "writeKv":
    case "attention": {
      const slots = at.stateCount(op.pageTable);
      yield* range(op.slot, "rows", -1, () => slots, `of ${slots}`);
      yield [
        `${op.slot.feed} ${op.position.feed} ${op.pageTable.state} ${at.stateCount(op.keys)}`,
        pageCheck(op, at, refuse),
      ];
      break;
    }
    case "adjustLogits": {
      const slots = at.stateCount(op.count);
      const vocabularySize = op.output.columns;
      const biases = at.feedColumns(op.biasToken);
      const bias = at.intFeed(op.biasToken);
      const choice = at.intFeed(op.choice);
      yield* range(op.slot, "outputRows", -1, () => slots, `of ${slots}`);
      yield [
        `${op.biasToken.feed} and ${op.choice.feed}`,
        ({ outputRows }) => {
          for (let i = 0; i < outputRows * biases; i++) {
            if (bias[i]! < -1 || bias[i]! >= vocabularySize) {
              refuse(
                `feed "${op.biasToken.feed}" is ${bias[i]} at ${i}, expected −1 to ${vocabularySize - 1}`,
              );
            }
          }
          for (let row = 0; row < outputRows; row++) {
            const maskRow = choice[row * CHOICE_COLUMNS + ChoiceColumn.maskRow]!;
            if (maskRow >= -1 && maskRow < outputRows) continue;
            refuse(
              `feed "${op.choice.feed}" has mask row ${maskRow} at ${row}, expected −1 to ${outputRows - 1}`,
            );
          }
        },
      ];
      break;
    }
    case "drawToken": {
      const slots = at.stateCount(op.lastToken);
      yield* range(op.slot, "outputRows", -1, () => slots, `of ${slots}`);
      yield* range(op.position, "outputRows", 0, () => 2 ** 31);
      break;
    }
  }

  function segmentCheck({
    op: name,
    ...op
  }: OpOf<"countTokens" | "causalConv" | "ssmScan">): [string, FeedCheck] {
    const state = "count" in op ? op.count : "window" in op ? op.window : op.recurrent;
    const slots = at.stateCount(state);
    const feed = at.intFeed(op.segment);
    return [
      `${op.segment.feed} of ${slots}`,
      (extents) =>
        checkSegments(feed, extents, slots, (message) => refuse(`feed "${op.segment.feed}", ${message}`)),
    ];
  }
}

/** The smallest vocabulary that looks up a token. */
function vocabularyOf(program: Program, token: Operand): number {
  const sizes = program.ops.map((op) => {
    if (op.op === "embed" && op.token.value === token.value) return op.vocabularySize;
    if (op.op === "countTokens" && op.token.value === token.value) {
      return program.states[op.count.state]!.shape[0]!;
    }
    return Number.POSITIVE_INFINITY;
  });
  return Math.min(...sizes);
}

type Refuse = (message: string) => never;

function tokenCheck(
  op: OpOf<"resolveToken">,
  vocabularySize: number,
  at: Bindings,
  refuse: Refuse,
): FeedCheck {
  const token = at.intFeed(op.token);
  const slot = at.intFeed(op.slot);
  const lastToken = at.intState(op.lastToken);
  return ({ rows }) => {
    for (let row = 0; row < rows; row++) {
      if (slot[row] === -1) continue;
      const fed = token[row]!;
      if (fed < -1 || fed >= vocabularySize) {
        refuse(`feed "${op.token.feed}" is ${fed} at ${row}, expected −1 to ${vocabularySize - 1}`);
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

/** Positions lie below `context` and below the page table's end, and every page up to them exists. */
function pageCheck(op: OpOf<"writeKv" | "attention">, at: Bindings, refuse: Refuse): FeedCheck {
  const slot = at.intFeed(op.slot);
  const position = at.intFeed(op.position);
  const pageTable = at.intState(op.pageTable);
  const maxPages = at.stateSize(op.pageTable);
  const pages = at.stateCount(op.keys);
  const checked = new Int32Array(at.stateCount(op.pageTable));
  return ({ rows, context }) => {
    checked.fill(0);
    const end = Math.min(context, maxPages * PAGE_SIZE);
    for (let row = 0; row < rows; row++) {
      const s = slot[row]!;
      if (s === -1) continue;
      const p = position[row]!;
      if (p < 0 || p >= end) {
        refuse(`feed "${op.position.feed}" is ${p} at ${row}, expected 0 to ${end - 1}`);
      }
      for (; checked[s]! * PAGE_SIZE <= p; checked[s]!++) {
        const page = pageTable[s * maxPages + checked[s]!]!;
        if (page >= 0 && page < pages) continue;
        refuse(
          `row ${row} of slot ${s} at position ${p} needs the slot's page ${checked[s]}, ` +
            `but "${op.pageTable.state}" has ${page} there, expected 0 to ${pages - 1}`,
        );
      }
    }
  };
}
