import { type BatchLimits, type Candidate, outputsOf, planBatch } from "./batch-plan.ts";
import { isLoss } from "./errors.ts";
import type { Job } from "./job.ts";
import { JobError, noPages } from "./job-error.ts";
import type { Roster } from "./roster.ts";
import type { Sequence } from "./state-pool.ts";
import { LAST_TOKEN } from "./step-feeds.ts";

/** One sequence's share of a step. */
export interface StepPart {
  readonly job: Job;
  /** Where its rows go; the job may have lost it by the time that the step is done. */
  readonly sequence: Sequence;
  readonly tokens: readonly number[];
  readonly generated: boolean;
  readonly outputs: number;
  /** Positions that the sequence covers after it. */
  readonly end: number;
  /** Of every row, the log-probability of the prompt's token after it is read. */
  readonly scores: boolean;
  /** From its last row the next token of the answer is drawn. */
  readonly draws: boolean;
  readonly isDecoding: boolean;
}

export interface ComposeOptions {
  readonly limits: BatchLimits;
  readonly lookahead: boolean;
  /** Prompts are cut at multiples of so many rows, one prompt a step, apart from answers; mixed unless given. */
  readonly chunk: number | undefined;
}

/** A candidate with what its rows are. */
interface Rows extends Candidate {
  readonly job: Job;
  readonly start: number;
  readonly generated: boolean;
  readonly scores: boolean;
  readonly draws: boolean;
}

/**
 * The next step: a row for each sequence in the middle of its answer, and rows of prompts. Pages for all of
 * them are free when it returns.
 *
 * @param isUnderWay - whether a step is being run, whose tokens are to be read before anybody is given up.
 * @throws {JobError} with the job for which there are no pages though nobody else runs, or whose states the
 *   backend did not copy.
 */
export function composeStep(
  roster: Roster,
  options: ComposeOptions,
  lastWasPrompt: boolean,
  isUnderWay: boolean,
): StepPart[] {
  for (const job of [...roster.running]) {
    if (!waitsForFork(job) || fork(roster, job) || roster.running.size > 1) continue;
    roster.separate(job);
  }
  const candidates = [...roster.running]
    .sort((a, b) => a.servedAt - b.servedAt || a.admission - b.admission)
    .map((job) => rowsOf(job, options))
    .filter((rows) => rows !== undefined);
  const chosen = choose(candidates, options, lastWasPrompt);
  const granted = planBatch(chosen, options.limits);
  const parts: StepPart[] = [];
  const kept = new Set<Job>();
  let claimed = 0;
  let blocked: JobError | undefined;
  const oldestFirst = chosen
    .map((rows, index) => ({ rows, count: granted[index]! }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.rows.job.admission - b.rows.job.admission);
  for (const { rows, count } of oldestFirst) {
    const { job, start } = rows;
    // It may have lost its place to an older one just now.
    if (job.sequence === undefined) continue;
    const pool = roster.device.executor.pool;
    const pages = pool.pagesFor(start + count) - job.sequence.pages.length;
    kept.add(job);
    if (!roster.claimPages(job, claimed + Math.max(0, pages), kept)) {
      kept.delete(job);
      blocked = new JobError(job, noPages(pages, pool.freePages, pool.pages));
      continue;
    }
    claimed += Math.max(0, pages);
    parts.push(partOf(rows, count));
  }
  if (parts.length > 0 || blocked === undefined || isUnderWay) return parts;
  if (roster.running.size === 1) throw blocked;
  // What the others wait for, such as being forked, may be the pages of this one.
  roster.preempt(blocked.job);
  return composeStep(roster, options, lastWasPrompt, isUnderWay);
}

function fork(roster: Roster, job: Job): boolean {
  try {
    return roster.fork(job);
  } catch (error) {
    if (isLoss(error)) throw error;
    throw new JobError(job, error);
  }
}

/** Whether it has read what its followers have in common with it. */
function waitsForFork({ followers, sequence, promptLength }: Job): boolean {
  return followers.length > 0 && sequence !== undefined && sequence.length === promptLength - 1;
}

/** What a job could do now; undefined when it has to wait for its reader, or for the token being sampled. */
function rowsOf(job: Job, { lookahead, chunk }: ComposeOptions): Rows | undefined {
  const { tokens, generation, promptLength, submission } = job;
  const start = job.sequence!.length;
  if (job.isStalled || start > tokens.length || waitsForFork(job)) return undefined;
  const decoding = { job, start, rows: 1, isDecoding: true, outputs: "last", generated: true } as const;
  if (start === tokens.length) {
    // Its next token is being sampled; the device knows it before the host does.
    if (!lookahead || generation.isAtLimit) return undefined;
    return { ...decoding, scores: false, draws: true };
  }
  const inPrompt = start < promptLength;
  const cuts = [inPrompt ? promptLength : tokens.length, ...job.snapshotPoints];
  const scores = submission.request.promptLogprobs !== undefined && start < promptLength - 1;
  const stops = job.followers.length > 0 || scores || chunk !== undefined || submission.keep !== undefined;
  if (stops) cuts.push(promptLength - 1);
  // One by one, as they were generated.
  if (chunk !== undefined) cuts.push(inPrompt ? start - (start % chunk) + chunk : start + 1);
  const end = Math.min(...cuts.filter((cut) => cut > start));
  const draws = end === tokens.length;
  if (!inPrompt && tokens.length - start === 1) return { ...decoding, scores: false, draws };
  const outputs = scores ? "all" : draws ? "last" : "none";
  // The last token of a prompt counts as one of the answer where prompts and answers do not mix.
  const isDecoding = chunk !== undefined && start >= promptLength - 1;
  return { job, start, rows: end - start, isDecoding, outputs, generated: !inPrompt, scores, draws };
}

function choose(
  candidates: readonly Rows[],
  { chunk }: ComposeOptions,
  lastWasPrompt: boolean,
): readonly Rows[] {
  const suspect = candidates.find(({ job }) => job.isSuspect);
  if (suspect !== undefined) return [suspect];
  if (chunk === undefined) return candidates;
  const decoding = candidates.filter(({ isDecoding }) => isDecoding);
  const prompt = candidates.find(({ isDecoding }) => !isDecoding);
  return prompt === undefined || (lastWasPrompt && decoding.length > 0) ? decoding : [prompt];
}

function partOf(rows: Rows, count: number): StepPart {
  const { job, start, generated, scores, isDecoding } = rows;
  const end = start + count;
  const sequence = job.sequence!;
  const draws = rows.draws && count === rows.rows;
  const outputs = outputsOf(rows, count);
  if (start < job.tokens.length) {
    const tokens = job.tokens.slice(start, end);
    return { job, sequence, tokens, generated, outputs, end, scores, draws, isDecoding };
  }
  job.replacement = job.generation.takeForced();
  const tokens = [job.replacement ?? LAST_TOKEN];
  return { job, sequence, tokens, generated, outputs, end, scores, draws, isDecoding };
}
