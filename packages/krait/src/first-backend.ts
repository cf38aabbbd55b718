import { MemoryPlanError } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { ModelError } from "./errors.ts";

/** A backend that may be there. */
export interface Candidate {
  readonly name: string;
  /** @throws why it is not. */
  create(): Promise<Backend>;
}

export interface FirstBackendOptions {
  /** Whether what is to be computed fits a backend. @throws {MemoryPlanError} when it does not. */
  readonly admit?: ((backend: Backend) => void) | undefined;
  /** Told which backend it is, and why none that stands before it. */
  readonly onChoice?: ((reason: string) => void) | undefined;
}

/**
 * The first of some backends that is there and that what is to be computed fits.
 *
 * @throws {MemoryPlanError} of the first that is there, when it fits none.
 * @throws {ModelError} `BACKEND_UNAVAILABLE` when none is there, with what each lacks.
 * @throws what else `admit` throws.
 */
export async function firstBackend(
  candidates: readonly Candidate[],
  { admit, onChoice }: FirstBackendOptions = {},
): Promise<Backend> {
  const reasons: string[] = [];
  let tooLarge: MemoryPlanError | undefined;
  for (const { name, create } of candidates) {
    const backend = await create().catch((error: unknown) => {
      reasons.push(error instanceof Error ? error.message : String(error));
      return undefined;
    });
    if (backend === undefined) continue;
    try {
      admit?.(backend);
    } catch (error) {
      await backend[Symbol.asyncDispose]();
      if (!(error instanceof MemoryPlanError)) throw error;
      reasons.push(error.message);
      tooLarge ??= error;
      continue;
    }
    onChoice?.([`Backend "${name}".`, ...reasons].join(" "));
    return backend;
  }
  if (tooLarge !== undefined) throw tooLarge;
  throw new ModelError("BACKEND_UNAVAILABLE", `There is no backend here. ${reasons.join(" ")}`, {
    name: "auto",
    available: [],
  });
}
