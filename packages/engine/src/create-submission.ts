import { Generation, type GenerationContext } from "./generation.ts";
import { Job, type Submission } from "./job.ts";
import type { GenerateRequest } from "./request.ts";

/**
 * What the engine has to do for a request.
 *
 * @param parts - where its events go, and where its states come from and go to.
 * @throws {EngineError} `REQUEST_INVALID`, and what the sampler and the constraint say.
 */
export function createSubmission(
  context: GenerationContext,
  request: GenerateRequest,
  parts: Pick<Submission, "id" | "sink" | "from" | "keep">,
): Submission {
  const { n = 1 } = request;
  const jobs: Job[] = [];
  const submission: Submission = {
    ...parts,
    request,
    jobs,
    queuedAt: 0,
    startedAt: undefined,
    reportedTokens: 0,
    scoredTokens: 0,
    isDone: false,
    onDone: () => {},
  };
  const seeded = withSeed(request);
  for (let choice = 0; choice < n; choice++) {
    const generation = new Generation(context, seeded, choice);
    jobs.push(new Job(submission, generation, n === 1 ? undefined : choice));
  }
  return submission;
}

/** One seed for all answers, so that they differ. */
function withSeed(request: GenerateRequest): GenerateRequest {
  if ((request.n ?? 1) === 1 || request.sampling?.seed !== undefined) return request;
  const [seed] = crypto.getRandomValues(new BigUint64Array(1));
  return { ...request, sampling: { ...request.sampling, seed: seed! } };
}
