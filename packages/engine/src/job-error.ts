import { EngineError } from "./errors.ts";
import type { Job } from "./job.ts";

/** Why one sequence cannot go on, which the others can: the cause. */
export class JobError extends Error {
  readonly job: Job;

  constructor(job: Job, cause: unknown) {
    super("a sequence cannot go on", { cause });
    this.job = job;
  }
}

/** There are not enough pages for a sequence, though it has all to itself. */
export function noPages(needed: number, free: number, pages: number): EngineError {
  return new EngineError(
    "PAGES_EXHAUSTED",
    `${needed} more pages of keys and values are needed, but only ${free} of ${pages} are free, and no request ` +
      "that runs will free others. Close sequences or sessions, or load the model with a larger maxKvTokens.",
    { needed, free, pages },
  );
}
