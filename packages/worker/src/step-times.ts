import { type Backend, KraitError, type OpName, type StepProfile } from "@krait/tensor";
import { unlessAborted } from "./unless-aborted.ts";

/** What a step took, ops of one kind together. */
export interface StepTimes {
  /** Tokens that it computed, of all sequences. */
  readonly rows: number;
  /** The longest first. */
  readonly ops: readonly { readonly name: OpName; readonly count: number; readonly seconds: number }[];
}

/**
 * Times the next step, and the drawing of tokens after it.
 *
 * @returns undefined where the backend or its device cannot tell.
 * @throws the signal's reason; the error of a backend that is lost meanwhile.
 */
export async function stepTimes(backend: Backend, signal: AbortSignal): Promise<StepTimes | undefined> {
  if (backend.profileStep === undefined) return undefined;
  const loss = backend.lost.then((error): never => {
    throw error;
  });
  try {
    // A model's step is one Program and drawing tokens another, and the one follows the other at once.
    const profiles = Promise.all([backend.profileStep(), backend.profileStep()]);
    return together(await unlessAborted(Promise.race([profiles, loss]), signal));
  } catch (error) {
    if (error instanceof KraitError && error.code === "FEATURE_MISSING") return undefined;
    throw error;
  }
}

/** Two Programs as one; of one that ran twice, as over a long prompt, the second time. */
function together([first, second]: readonly [StepProfile, StepProfile]): StepTimes {
  const profiles = first.program === second.program ? [second] : [first, second];
  const ops = new Map<OpName, { count: number; seconds: number }>();
  for (const { op, seconds } of profiles.flatMap((profile) => profile.ops)) {
    const sum = ops.get(op.op) ?? { count: 0, seconds: 0 };
    ops.set(op.op, { count: sum.count + 1, seconds: sum.seconds + seconds });
  }
  return {
    rows: Math.max(...profiles.map(({ extents }) => extents.rows)),
    ops: [...ops].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.seconds - a.seconds),
  };
}
