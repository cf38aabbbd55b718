import type { ResolvedOptions } from "../handler-options.ts";
import { ApiError } from "../http/api-error.ts";

/** @throws {ApiError} when a request wants more answers than one may. */
export function requireChoices(choices: number, { maxChoices }: ResolvedOptions): void {
  if (choices <= maxChoices) return;
  throw new ApiError("invalid", `n: expected at most ${maxChoices}, received ${choices}.`, {
    code: "invalid_value",
    param: "n",
  });
}
