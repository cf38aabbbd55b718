/** An upstream could not be reached, refused, or broke off. */
export class UpstreamError extends Error {
  readonly code = "UPSTREAM_FAILED";
  readonly url: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(url: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(`The upstream ${url} ${message}`, { cause: options.cause });
    this.name = "UpstreamError";
    this.url = url;
    this.status = options.status;
  }

  /** Whether another upstream may do better: the request itself was not what was wrong. */
  get mayGoElsewhere(): boolean {
    const { status } = this;
    return status === undefined || status === 404 || status === 408 || status === 429 || status >= 500;
  }
}
