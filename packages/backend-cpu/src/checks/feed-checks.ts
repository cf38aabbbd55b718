import { BindingError, type Extent, type Extents, type FeedRef, type Op, type Program } from "@krait/tensor";
import type { Bindings } from "../bindings.ts";
import { pageCheck, writeCheck } from "./page-check.ts";
import { segmentCheck } from "./segment-check.ts";
import { biasCheck, settingCheck } from "./setting-check.ts";
import { tokenCheck } from "./token-check.ts";

/** Looks at what the feeds hold before a step; throws a `BindingError` naming the feed, the place and the range. */
export type FeedCheck = (extents: Extents) => void;

export type Refuse = (message: string) => never;

/**
 * What the ops of a Program expect of its feeds, each question asked once. The inner loops then need
 * no checks, and a host that mixes up slots, rows or pages hears of it here and not in its logits.
 */
export function feedChecks(program: Program, at: Bindings): FeedCheck[] {
  const refuse: Refuse = (message) => {
    throw new BindingError(`Program "${program.name}": ${message}.`);
  };
  const checks = new Map<string, FeedCheck>();
  for (const op of program.ops) {
    for (const [question, check] of questionsOf(op, program, at, refuse)) {
      if (!checks.has(question)) checks.set(question, check);
    }
  }
  return [...checks.values()];
}

type Question = [question: string, check: FeedCheck];

function questionsOf(op: Op, program: Program, at: Bindings, refuse: Refuse): Question[] {
  /** Every element of a feed of one number a row is at least `least` and below `end`. */
  const range = (ref: FeedRef, extent: Extent, least: number, end: number | Extent): Question => {
    const values = at.intFeed(ref);
    const check = (extents: Extents) => {
      const limit = typeof end === "number" ? end : extents[end];
      for (let i = 0; i < extents[extent]; i++) {
        if (values[i]! >= least && values[i]! < limit) continue;
        refuse(`feed "${ref.feed}" is ${values[i]} at ${i}, expected ${least} to ${limit - 1}`);
      }
    };
    return [`${ref.feed} from ${least} to ${end}`, check];
  };

  switch (op.op) {
    case "resolveToken":
      return [
        range(op.slot, "rows", -1, at.stateCount(op.lastToken)),
        [`${op.token.feed} of the vocabulary`, tokenCheck(op, program, at, refuse)],
      ];
    case "countTokens":
      return [
        range(op.generated, "rows", 0, 2),
        [
          `${op.segment.feed} of ${at.stateCount(op.count)}`,
          segmentCheck(op.segment, at.stateCount(op.count), at, refuse),
        ],
      ];
    case "causalConv":
    case "ssmScan": {
      const slots = at.stateCount(op.op === "ssmScan" ? op.recurrent : op.window);
      return [[`${op.segment.feed} of ${slots}`, segmentCheck(op.segment, slots, at, refuse)]];
    }
    case "gatherRows":
      return [range(op.row, "outputRows", -1, "rows")];
    case "writeKv":
    case "attention": {
      const question = `${op.slot.feed}, ${op.position.feed} and ${op.pageTable.state} of ${at.stateCount(op.keys)}`;
      const questions: Question[] = [
        range(op.slot, "rows", -1, at.stateCount(op.pageTable)),
        [question, pageCheck(op, at, refuse)],
      ];
      if (op.op === "writeKv") questions.push([`writing ${question}`, writeCheck(op, at, refuse)]);
      return questions;
    }
    case "adjustLogits":
      return [
        range(op.slot, "outputRows", -1, at.stateCount(op.count)),
        [`${op.setting.feed} and ${op.choice.feed} of penalties`, settingCheck(op, at, refuse)],
        [`${op.biasToken.feed} of ${op.output.columns}`, biasCheck(op, at, refuse)],
      ];
    case "drawToken":
      return [
        range(op.slot, "outputRows", -1, at.stateCount(op.lastToken)),
        range(op.position, "outputRows", 0, 2 ** 31),
        [`${op.setting.feed} and ${op.choice.feed} of draws`, settingCheck(op, at, refuse)],
      ];
    default:
      return [];
  }
}
