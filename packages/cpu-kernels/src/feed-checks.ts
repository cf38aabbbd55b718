import type { Extent, FeedRef, Op, OpOf, Program, StateRef } from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { endOf, type FeedCheck } from "./feed-check.ts";
import { placesOf } from "./op-words.ts";
import { settingChecks } from "./setting-checks.ts";

/** What the ops of a Program expect of its feeds, each question asked once. */
export function feedChecks(program: Program, at: Bindings): FeedCheck[] {
  const checks = new Map<string, FeedCheck>();
  for (const check of program.ops.flatMap((op) => checksOf(op, at))) {
    checks.set(`${check.kernel} ${check.words}`, check);
  }
  return [...checks.values()];
}

function checksOf(op: Op, at: Bindings): FeedCheck[] {
  switch (op.op) {
    case "resolveToken":
      return [inRange(op.slot, "rows", -1, at.stateCount(op.lastToken), at), fedTokens(op, at)];
    case "countTokens":
      return [inRange(op.generated, "rows", 0, 2, at), segments(op.segment, op.count, at)];
    case "causalConv":
      return [segments(op.segment, op.window, at)];
    case "ssmScan":
      return [segments(op.segment, op.recurrent, at)];
    case "gatherRows":
      return [inRange(op.row, "outputRows", -1, "rows", at)];
    case "writeKv":
    case "attention":
      return pages(op, at);
    case "adjustLogits":
      return [
        inRange(op.slot, "outputRows", -1, at.stateCount(op.count), at),
        inRange(op.biasToken, "outputRows", -1, op.output.columns, at, op.slot),
        ...settingChecks(op, at),
      ];
    case "drawToken":
      return [
        inRange(op.slot, "outputRows", -1, at.stateCount(op.lastToken), at),
        inRange(op.position, "outputRows", 0, 2 ** 31, at),
        ...settingChecks(op, at),
      ];
    default:
      return [];
  }
}

/** `CheckRange`: every element of a feed, of padding only where no `slot` says which rows are. */
function inRange(
  ref: FeedRef,
  rows: Extent,
  least: number,
  end: number | Extent,
  at: Bindings,
  slot?: FeedRef,
): FeedCheck {
  const columns = at.feedColumns(ref);
  return {
    kernel: "checkRange",
    words: [
      at.extent(rows),
      slot ? at.feed(slot) : 0,
      at.feed(ref),
      columns,
      columns,
      least,
      ...endOf(end, at),
    ],
    names: { feed: ref.feed },
  };
}

/** `CheckTokens` */
function fedTokens(op: OpOf<"resolveToken">, at: Bindings): FeedCheck {
  const vocabularySize = vocabularyOf(at.program, op.output.value);
  return {
    kernel: "checkTokens",
    words: [at.extent("rows"), at.feed(op.token), at.feed(op.slot), at.state(op.lastToken), vocabularySize],
    names: { feed: op.token.feed },
  };
}

/** The smallest vocabulary in which a token value is looked up. */
function vocabularyOf({ ops, states }: Program, token: number): number {
  const sizes = ops.flatMap((op) => {
    if (op.op === "embed" && op.token.value === token) return [op.vocabularySize];
    return op.op === "countTokens" && op.token.value === token ? [states[op.count.state]!.shape[0]!] : [];
  });
  return Math.min(2 ** 31 - 1, ...sizes);
}

/** `CheckSegments` */
function segments(ref: FeedRef, state: StateRef, at: Bindings): FeedCheck {
  const extents = [at.extent("rows"), at.extent("segments"), at.extent("longestSegment")];
  return {
    kernel: "checkSegments",
    words: [...extents, at.feed(ref), at.stateCount(state)],
    names: { feed: ref.feed },
  };
}

/** `CheckPages`, and for what writes `CheckWrites`. */
function pages(op: OpOf<"writeKv" | "attention">, at: Bindings): FeedCheck[] {
  const places = placesOf(op, at);
  const names = { feed: op.position.feed, pageTable: op.pageTable.state };
  const checks: FeedCheck[] = [
    inRange(op.slot, "rows", -1, at.stateCount(op.pageTable), at),
    {
      kernel: "checkPages",
      words: [at.extent("rows"), at.extent("context"), ...places, at.stateCount(op.keys)],
      names,
    },
  ];
  if (op.op === "writeKv") {
    checks.push({ kernel: "checkWrites", words: [at.extent("rows"), ...places], names });
  }
  return checks;
}
