import { reasonOf } from "./completion-stream.ts";
import { UpstreamError } from "./upstream-error.ts";

/** One of the servers behind this one. */
export interface Upstream {
  /** Up to and without `/v1`. */
  readonly url: string;
  /** Requests under way. */
  running: number;
  /** Changed by {@link UpstreamPool.note}, which tells of it. */
  isHealthy: boolean;
  /** In milliseconds of the clock; until then, what it says of its health is not believed. */
  doubtedUntil?: number | undefined;
  /** What it says of its context; a promise from when it is first asked, undefined again if that failed. */
  contextLength?: Promise<number | undefined> | undefined;
}

export interface UpstreamPoolOptions {
  readonly urls: readonly string[];
  readonly fetch: typeof fetch;
  /** Between two looks at each upstream's health. */
  readonly healthSeconds: number;
  /** How many requests more than the least loaded an upstream may have and still get those of its prefix. */
  readonly affinitySlack: number;
  /** Told when an upstream is taken out, and why, and without an error when it is back. */
  readonly onTrouble?: ((url: string, error: UpstreamError | undefined) => void) | undefined;
}

/**
 * Chooses an upstream for each request.
 *
 * Requests that begin alike go to the same one, whose cache has their beginning: every upstream gets a rank
 * for a prefix by hashing both (Thaler & Ravishankar 1998, "Using Name-Based Mappings to Increase Hit
 * Rates"), so that when one goes away, only its own prefixes move. One that has much more to do than the
 * least loaded is passed over.
 */
export class UpstreamPool implements Disposable {
  readonly upstreams: readonly Upstream[];
  readonly #options: UpstreamPoolOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #end = new AbortController();

  /** @throws {TypeError} for no URLs, or what is none. */
  constructor(options: UpstreamPoolOptions) {
    if (options.urls.length === 0)
      throw new TypeError("urls should have the URL of an upstream, one at least.");
    this.#options = options;
    this.upstreams = options.urls.map((url) => ({ url: baseOf(url), running: 0, isHealthy: true }));
    this.#timer = setInterval(() => void this.checkHealth(), 1000 * options.healthSeconds);
    // A process that has nothing else to do need not stay for this.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /**
   * @param prefix - what the request begins with.
   * @param failed - upstreams that this request has tried.
   * @throws {UpstreamError} when none is left.
   */
  choose(prefix: string, failed: ReadonlySet<Upstream>): Upstream {
    const left = this.upstreams.filter((upstream) => !failed.has(upstream));
    const healthy = left.filter(({ isHealthy }) => isHealthy);
    // All may be down for a moment: trying one is better than refusing.
    const candidates = healthy.length > 0 ? healthy : left;
    if (candidates.length === 0) {
      const urls = this.upstreams.map(({ url }) => url).join(", ");
      throw new UpstreamError(urls, "failed, and there is no other to try.");
    }
    const least = Math.min(...candidates.map(({ running }) => running));
    return candidates
      .filter(({ running }) => running <= least + this.#options.affinitySlack)
      .reduce((best, each) => (rank(prefix, each.url) > rank(prefix, best.url) ? each : best));
  }

  /** Looks at every upstream now. */
  async checkHealth(): Promise<void> {
    await Promise.all(
      this.upstreams.map(async (upstream) => {
        const trouble = await this.#troubleOf(upstream.url);
        const isDoubted = trouble === undefined && Date.now() < (upstream.doubtedUntil ?? 0);
        if (!this.#end.signal.aborted && !isDoubted) this.note(upstream, trouble);
      }),
    );
  }

  /**
   * Takes an upstream out for an error, or has it back, and tells of it where that is news. One that said nothing
   * for so long stays out for as long: those that hang often still answer when they are asked for their health.
   */
  note(upstream: Upstream, error: UpstreamError | undefined): void {
    if (error?.silentSeconds !== undefined) upstream.doubtedUntil = Date.now() + 1000 * error.silentSeconds;
    const isHealthy = error === undefined;
    if (isHealthy === upstream.isHealthy) return;
    upstream.isHealthy = isHealthy;
    this.#options.onTrouble?.(upstream.url, error);
  }

  async #troubleOf(url: string): Promise<UpstreamError | undefined> {
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(5000)]);
    let status = 0;
    // vLLM, SGLang and Krait have the first, NIM the second, and hosted APIs only the third.
    for (const path of ["/health", "/v1/health/ready", "/v1/models"]) {
      try {
        const response = await this.#options.fetch(`${url}${path}`, { signal });
        void response.body?.cancel();
        if (response.ok || response.status === 401) return undefined;
        status = response.status;
      } catch (cause) {
        return new UpstreamError(url, `cannot be reached: ${reasonOf(cause)}.`, { cause });
      }
      if (status !== 404) break;
    }
    return new UpstreamError(url, `answered ${status} when asked for its health.`, { status });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#end.abort();
  }
}

function baseOf(url: string): string {
  const { protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`An upstream's URL should begin with http:// or https://, but is ${url}.`);
  }
  return url.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** FNV-1a of both, with a last mixing so that close texts come to lie apart. */
function rank(prefix: string, url: string): number {
  let hash = 0x811c9dc5;
  for (const text of [prefix, "\n", url]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
