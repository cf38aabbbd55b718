import {
  byteLength,
  type Extents,
  elementCount,
  PAGE_SIZE,
  type Program,
  planScratch,
  resolveShape,
  stateBytes,
  stateUnitBytes,
  type TensorSpec,
} from "@krait/tensor";
import type { Architecture, ModelPrograms } from "./architecture.ts";
import { MemoryPlanError } from "./errors.ts";

/** What a model takes, in bytes, known before anything is loaded. */
export interface MemoryPlan {
  readonly parameters: number;
  readonly weightBytes: number;
  /** Convolution windows and recurrent states of one sequence. */
  readonly stateBytesPerSequence: number;
  /** Keys and values of one position. */
  readonly kvBytesPerToken: number;
  /** All slots' states, with the page tables and token counts. */
  readonly stateBytes: number;
  /** All pages of keys and values. */
  readonly kvBytes: number;
  /** Snapshots of sequences' states, beside the pages that they share. */
  readonly cacheBytes: number;
  /** Intermediates, feeds and workspaces of the largest step, and where its outputs are gathered. */
  readonly scratchBytes: number;
  readonly totalBytes: number;
}

/** Slot states that are the engine's bookkeeping and not the model's memory of a sequence. */
const bookkeeping: ReadonlySet<string> = new Set(["lastToken", "tokenCount", "pageTable"]);

/**
 * Adds up what the Programs of a model hold, without any device.
 *
 * @param weightBytes - what a weight takes on the backend; as many bytes as it has in its file unless given.
 * @param prefixCacheBytes - what snapshots may take; as much as the states of all slots unless given.
 * @param ownedBytes - what a Program takes on the backend beside its intermediates and feeds; nothing unless given.
 */
export function planMemory(
  architecture: Architecture,
  programs: ModelPrograms,
  largest: Extents,
  weightBytes: (spec: TensorSpec) => number = byteLength,
  prefixCacheBytes?: number,
  ownedBytes: (program: Program) => number = () => 0,
): MemoryPlan {
  const { forward, sample, logprobs } = programs;
  const states = Object.entries(forward.states);
  const slots = states.filter(([, spec]) => spec.per === "slot");
  const pages = states.filter(([, spec]) => spec.per === "page");
  const copied = sum(slots.filter(([name]) => name !== "pageTable").map(([, spec]) => stateUnitBytes(spec)));
  const maxSlots = slots[0]?.[1].count ?? 0;
  const snapshots = copied === 0 ? 0 : Math.floor((prefixCacheBytes ?? maxSlots * copied) / copied);
  const plan = {
    parameters: sum(architecture.weights.map(({ shape }) => elementCount(shape))),
    weightBytes: sum(Object.values(forward.weights).map((spec) => weightBytes(spec))),
    stateBytesPerSequence: sum(
      slots.filter(([name]) => !bookkeeping.has(name)).map(([, spec]) => stateUnitBytes(spec)),
    ),
    kvBytesPerToken: sum(pages.map(([, spec]) => stateUnitBytes(spec) / PAGE_SIZE)),
    stateBytes: sum(slots.map(([, spec]) => stateBytes(spec))),
    kvBytes: sum(pages.map(([, spec]) => stateBytes(spec))),
    cacheBytes: snapshots * copied,
    scratchBytes:
      outputBytes(sample, largest) +
      outputBytes(logprobs, largest) +
      sum(
        [forward, sample, logprobs].map(
          (program) =>
            planScratch(program, largest).totalBytes + feedBytes(program, largest) + ownedBytes(program),
        ),
      ),
  };
  const totalBytes = plan.weightBytes + plan.stateBytes + plan.kvBytes + plan.cacheBytes + plan.scratchBytes;
  return { ...plan, totalBytes };
}

/** @throws {MemoryPlanError} with every part of the plan, when it does not fit. */
export function requireMemory(plan: MemoryPlan, availableBytes: number, backend: string): void {
  if (plan.totalBytes <= availableBytes) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
  throw new MemoryPlanError(
    `This model needs ${gigabytes(plan.totalBytes)} on backend "${backend}", which has ${gigabytes(availableBytes)}: ` +
      `weights ${gigabytes(plan.weightBytes)}, states ${gigabytes(plan.stateBytes)}, ` +
      `keys and values ${gigabytes(plan.kvBytes)}, prefix cache ${gigabytes(plan.cacheBytes)}, ` +
      `scratch ${gigabytes(plan.scratchBytes)}. ` +
      `Lower maxContext, maxSequences or prefixCacheBytes, or choose a smaller model.`,
    { neededBytes: plan.totalBytes, availableBytes },
  );
}

/** What the engine gathers, to read it at once: every output of a step's sampling. */
function outputBytes({ outputs }: Program, { outputRows }: Extents): number {
  return sum(Object.values(outputs).map(({ columns }) => 4 * columns * outputRows));
}

function feedBytes(program: Program, largest: Extents): number {
  return sum(Object.values(program.feeds).map(({ shape }) => 4 * elementCount(resolveShape(shape, largest))));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
