import type { StepPart } from "./compose-step.ts";
import { EngineError } from "./errors.ts";
import type { PromptLogprobsEvent } from "./events.ts";
import type { Sample } from "./executor.ts";
import type { Job } from "./job.ts";
import type { Telemetry } from "./telemetry.ts";

/** Whether the sequence that had these rows still has its place. */
export function isCurrent({ job, sequence }: StepPart): boolean {
  return job.sequence === sequence && !job.isDone;
}

/**
 * Gives a job what its part of a step has brought: progress, log-probabilities, the next token.
 *
 * @param samples - of the part's output rows.
 * @returns whether the answer has ended.
 */
export function deliver(part: StepPart, samples: readonly Sample[], telemetry: Telemetry): boolean {
  const { job, end } = part;
  const { submission, generation, promptLength } = job;
  const read = Math.min(end, promptLength);
  if (read > submission.reportedTokens) {
    submission.reportedTokens = read;
    submission.sink.push([{ type: "prefill", tokens: read, totalTokens: promptLength }]);
  }
  if (part.scores) submission.sink.push(promptLogprobs(part, samples));
  if (!part.draws) return false;
  // All that it had read by the time of the failure has gone well in steps of its own.
  job.isSuspect = false;
  const position = job.tokens.length;
  const forced = job.replacement ?? generation.takeForced();
  job.replacement = undefined;
  const sample = samples.at(-1)!;
  const token = forced ?? chosenToken(sample, position);
  if (job.firstTokenAt === undefined) {
    job.firstTokenAt = performance.now();
    const seconds = (job.firstTokenAt - submission.queuedAt) / 1000;
    telemetry.tell({ type: "first-token", id: submission.id, seconds }, job.firstTokenAt);
  }
  job.tokens.push(token);
  job.push(generation.accept(token, position, forced === undefined ? sample : undefined));
  return generation.finishReason !== undefined;
}

/** The end of an answer: its last events, and what it adds to the statistics. */
export function finishAnswer(job: Job, telemetry: Telemetry): void {
  const { submission, promptLength, generation } = job;
  const { queuedAt, startedAt } = submission;
  const firstTokenAt = job.firstTokenAt!;
  const now = performance.now();
  const timing = {
    queueSeconds: (startedAt! - queuedAt) / 1000,
    prefillSeconds: (firstTokenAt - startedAt!) / 1000,
    decodeSeconds: (now - firstTokenAt) / 1000,
  };
  const prompt = { promptTokens: promptLength, cachedTokens: job.cachedTokens! };
  const { events, finish } = generation.finish(prompt, timing);
  job.push([...events, finish]);
  const { finishReason, usage } = finish;
  const { counters } = telemetry;
  counters.promptTokens += usage.promptTokens;
  counters.cachedTokens += usage.cachedTokens;
  counters.completionTokens += usage.completionTokens;
  counters.reasoningTokens += usage.reasoningTokens;
  telemetry.tell({ type: "request-finished", id: submission.id, finishReason, usage, timing }, now);
}

/** Those that its reader has not been told of: after a failure the prompt is read again. */
function promptLogprobs({ job, end, outputs }: StepPart, samples: readonly Sample[]): PromptLogprobsEvent[] {
  const { submission } = job;
  const first = end - outputs + 1;
  const position = Math.max(first, submission.scoredTokens);
  if (position > end) return [];
  submission.scoredTokens = end + 1;
  const tokens = samples.slice(position - first).map(({ logprobs }, index) => ({
    token: job.tokens[position + index]!,
    logprob: logprobs!.logprob,
    top: logprobs!.top,
  }));
  return [{ type: "prompt-logprobs", position, tokens }];
}

/** @throws {EngineError} `LOGITS_INVALID` when the device found no token to choose. */
function chosenToken({ token }: Sample, position: number): number {
  if (token >= 0) return token;
  throw new EngineError(
    "LOGITS_INVALID",
    `The model's logits for position ${position} are NaN, +∞ or all −∞, so there is no token to choose. ` +
      "Its weights or states may be damaged, or a bias, a penalty or a constraint leave nothing to choose.",
    { position },
  );
}
