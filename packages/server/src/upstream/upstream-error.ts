import { ApiError } from "../http/api-error.ts";

interface UpstreamErrorOptions {
  readonly status?: number | undefined;
  /** What the upstream itself says is wrong. */
  readonly said?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** How long it has said nothing, where that was what was wrong. */
  readonly silentSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** An upstream could not be reached, refused, broke off, or said nothing for too long. */
export class UpstreamError extends Error {
  readonly code = "UPSTREAM_FAILED";
  readonly url: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** How long it has said nothing, where that was what was wrong. */
  readonly silentSeconds: number | undefined;
  readonly #said: string | undefined;
  readonly #retryAfterSeconds: number | undefined;

  constructor(url: string, message: string, options: UpstreamErrorOptions = {}) {
    super(`The upstream ${url} ${message}`, { cause: options.cause });
    this.name = "UpstreamError";
    this.url = url;
    this.status = options.status;
    this.silentSeconds = options.silentSeconds;
    this.#said = options.said;
    this.#retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Whether another upstream may do better: the request itself was not what was wrong. */
  get mayGoElsewhere(): boolean {
    const { status } = this;
    return status === undefined || status < 400 || !requestIsWrong(status);
  }

  /**
   * What the client is told: that its request is wrong, when to come again, or how long nothing came. All else is between this server
   * and the upstream, whose address is nobody's business.
   */
  toApiError(): ApiError {
    const { status, silentSeconds } = this;
    if (silentSeconds !== undefined) {
      return new ApiError(
        "timeout",
        `What computes the answer has said nothing for ${silentSeconds} seconds.`,
        {
          ...{ code: "upstream_timeout", retryAfterSeconds: 1, cause: this },
        },
      );
    }
    if (status !== undefined && requestIsWrong(status)) {
      return new ApiError("invalid", this.#said ?? "What computes the answer refuses this request.", {
        ...{ code: "refused_upstream", cause: this },
      });
    }
    const isBusy = status === 429 || status === 503;
    const retryAfterSeconds = this.#retryAfterSeconds ?? (isBusy ? 1 : undefined);
    const told = { code: "upstream_failed", retryAfterSeconds, cause: this };
    return isBusy
      ? new ApiError("overloaded", "What computes the answer has too much to do.", told)
      : new ApiError("upstream", "What computes the answer cannot be had.", told);
  }
}

/** A key, a path or a model that is wrong is this server's fault, and not the request's. */
function requestIsWrong(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}
