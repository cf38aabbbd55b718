import type { Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import type { Tokenizer } from "@krait/tokenizer";
import { EngineError } from "./errors.ts";
import type { EngineEvent } from "./telemetry.ts";

export interface EngineOptions {
  /** Without one there are token events only: no text, stop strings or reasoning. */
  readonly tokenizer?: Tokenizer | undefined;
  /** The tokens at which the model ends its turn. */
  readonly endTokens?: readonly number[] | undefined;
  /**
   * Whether a step is enqueued before the tokens of the step before it have been read. Hides the way to the
   * host and back where the device works on its own; only delays tokens where it is the host. On unless
   * the backend is synchronous.
   */
  readonly lookahead?: boolean | undefined;
  /** Requests that may wait for a place; 256 unless given. */
  readonly maxQueue?: number | undefined;
  /** Rows of prompts in a step that also goes on with answers; the model's `chunkRows` unless given. */
  readonly prefillRows?: number | undefined;
  /** Tokens between snapshots in a long prompt, 4096 unless given; or false for no prefix cache. */
  readonly prefixCache?: { readonly stride?: number | undefined } | false | undefined;
  /**
   * Makes what a sequence computes the same in every bit, whatever else runs and whatever is cached, where
   * a backend chooses its kernels by the size of a step: prompts are read one at a time, in chunks cut at
   * multiples of `chunkRows`, and every step is padded. Slower; the backends for processors do not need it.
   */
  readonly deterministic?: boolean | undefined;
  /**
   * Makes the model again, on another backend, after the backend was lost: then all requests go on where they
   * were. What has been disposed of and what not is the caller's business. Without it all requests fail.
   */
  readonly rebuild?: (() => Promise<{ readonly model: Model; readonly backend: Backend }>) | undefined;
  /**
   * What copies of states in the host's memory may take, from which sequences go on after `rebuild`, one for each
   * prompt of 256 tokens or more: only what follows is read again, without a copy everything. 256 MiB unless given
   * where the backend is a device of its own and can be rebuilt, else none: a processor is seldom lost, and copying
   * takes its time.
   */
  readonly recovery?: { readonly hostBytes?: number | undefined } | undefined;
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
}

/** @throws {EngineError} `OPTION_INVALID` naming the option. */
export function countOption(option: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new EngineError("OPTION_INVALID", `${option} should be a positive whole number, but is ${value}.`, {
    option,
    actual: value,
  });
}
