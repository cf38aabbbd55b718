import type { Extents } from "@krait/tensor";
import type { StepPart } from "./compose-step.ts";
import type { Sample } from "./executor.ts";
import type { Device } from "./roster.ts";
import { certainToken, type SampleRow } from "./sampling-feeds.ts";

/** A step that has been handed to the device. */
export interface Step {
  readonly parts: readonly StepPart[];
  /** Of `performance.now()`. */
  readonly enqueuedAt: number;
  /** One for each output row, in order of the parts. */
  readonly samples: Promise<readonly Sample[]>;
  /** The logits that somebody asked for, by part. */
  readonly logits: ReadonlyMap<StepPart, Promise<Float32Array>>;
}

export interface EnqueueOptions {
  readonly maxBiases: number;
  /** Extents that the step is padded to. */
  readonly least: Partial<Extents>;
  /** Awaited when a token can only be drawn after the tokens of the step before have been looked at. */
  readonly before: () => Promise<void>;
}

/** Hands a step to the device, with the snapshots that lie at its parts' ends. */
export async function enqueueStep(
  { executor, cache, copies }: Device,
  parts: readonly StepPart[],
  { maxBiases, least, before }: EnqueueOptions,
): Promise<Step> {
  const enqueuedAt = performance.now();
  executor.forward(parts, least);
  for (const { job, sequence, end } of parts) {
    if (job.snapshotPoints.includes(end)) {
      const tokens = job.tokens.slice(0, end);
      cache?.keep(tokens, sequence);
      if (end === job.snapshotPoints.at(-1)) copies.add(tokens, executor.pool, sequence);
    }
    if (end === job.promptLength - 1) job.submission.keep?.(sequence);
  }
  if (parts.some(({ draws, job }) => draws && job.generation.isConstrained)) await before();
  const rows = parts.flatMap((part) => sampleRows(part, maxBiases));
  const samples =
    rows.length > 0 ? executor.sample(rows, least.outputRows) : executor.settled().then(() => []);
  // A failure is thrown where the samples are awaited; that of a step nobody waits for any more is not.
  samples.catch(() => {});
  const logits = new Map<StepPart, Promise<Float32Array>>();
  let output = 0;
  for (const part of parts) {
    output += part.outputs;
    if (!part.draws || part.job.submission.request.onLogits === undefined) continue;
    const row = executor.logits(output - 1);
    row.catch(() => {});
    logits.set(part, row);
  }
  return { parts, enqueuedAt, samples, logits };
}

function sampleRows(part: StepPart, maxBiases: number): SampleRow[] {
  const { job, sequence, outputs, end, scores } = part;
  if (scores) {
    const top = job.submission.request.promptLogprobs;
    return Array.from({ length: outputs }, (_, index) => {
      const position = end - outputs + 1 + index;
      const feeds = certainToken(job.tokens[position]!, maxBiases);
      return { sequence, feeds, position, top };
    });
  }
  if (!part.draws) return [];
  const { feeds, logprobs: top } = job.generation;
  // An answer that has ended while this step was under way has no use for a mask.
  const mask = job.isDone ? null : job.generation.mask();
  return [{ sequence, feeds, position: end, top, mask }];
}
