import { ApiError } from "../http/api-error.ts";
import type { AccessKey } from "./keys.ts";

/** A refill of many parts may miss a whole number by this much. */
const ROUNDING = 1e-6;

/** Refills steadily, up to what a minute brings. */
class TokenBucket {
  readonly capacity: number;
  #level: number;
  #time: number;

  constructor(perMinute: number, now: number) {
    this.capacity = perMinute;
    this.#level = perMinute;
    this.#time = now;
  }

  /** What may be taken now; negative after more was taken than there was. */
  level(now: number): number {
    const refill = (this.capacity * Math.max(0, now - this.#time)) / 60_000;
    this.#level = Math.min(this.capacity, this.#level + refill);
    this.#time = now;
    return this.#level;
  }

  take(amount: number, now: number): void {
    this.#level = this.level(now) - amount;
  }

  /** Seconds until `amount` may be taken. */
  wait(amount: number, now: number): number {
    return (60 * Math.max(0, amount - ROUNDING - this.level(now))) / this.capacity;
  }
}

/** What is left of one key's limits. Times are milliseconds since 1970. */
export class Allowance {
  #key: AccessKey;
  #requests: TokenBucket | undefined;
  #tokens: TokenBucket | undefined;
  #day: number;
  #tokensToday: number;

  /** @param tokensToday - what the ledger knows of from before the server was started. */
  constructor(key: AccessKey, now: number, tokensToday = 0) {
    this.#key = key;
    this.#requests = bucketOf(key.requestsPerMinute, undefined, now);
    this.#tokens = bucketOf(key.tokensPerMinute, undefined, now);
    this.#day = dayOf(now);
    this.#tokensToday = tokensToday;
  }

  get key(): AccessKey {
    return this.#key;
  }

  /**
   * Goes by the limits of another key of the same name. What has been used counts on.
   *
   * @param tokensToday - what the ledger knows of.
   */
  take(key: AccessKey, now: number, tokensToday: number): void {
    this.#turnDay(now);
    this.#key = key;
    this.#requests = bucketOf(key.requestsPerMinute, this.#requests, now);
    this.#tokens = bucketOf(key.tokensPerMinute, this.#tokens, now);
    this.#tokensToday = Math.max(this.#tokensToday, tokensToday);
  }

  /**
   * Takes one request. Tokens are taken when they are known, so that a request may overdraw its minute or
   * its day; the ones after it then wait.
   *
   * @throws {ApiError} `rateLimit` or `quota`, saying when to try again. Then nothing was taken.
   */
  admit(now: number): void {
    const { name, requestsPerMinute, tokensPerMinute, tokensPerDay } = this.#key;
    this.#turnDay(now);
    if (tokensPerDay !== undefined && this.#tokensToday >= tokensPerDay) {
      const seconds = ((this.#day + 1) * DAY - now) / 1000;
      throw new ApiError("quota", `The key "${name}" has used its ${tokensPerDay} tokens of today (UTC).`, {
        code: "insufficient_quota",
        retryAfterSeconds: seconds,
      });
    }
    const requestWait = this.#requests?.wait(1, now) ?? 0;
    if (requestWait > 0) throw tooFast(name, `${requestsPerMinute} requests`, requestWait);
    const tokenWait = this.#tokens?.wait(1, now) ?? 0;
    if (tokenWait > 0) throw tooFast(name, `${tokensPerMinute} tokens`, tokenWait);
    this.#requests?.take(1, now);
  }

  spend(tokens: number, now: number): void {
    this.#turnDay(now);
    this.#tokens?.take(tokens, now);
    this.#tokensToday += tokens;
  }

  /** For the response's headers. */
  headers(now: number): Record<string, string> {
    const headers: Record<string, string> = {};
    const show = (what: string, bucket: TokenBucket | undefined): void => {
      if (bucket === undefined) return;
      headers[`x-ratelimit-limit-${what}`] = String(bucket.capacity);
      headers[`x-ratelimit-remaining-${what}`] = String(Math.max(0, Math.floor(bucket.level(now))));
    };
    show("requests", this.#requests);
    show("tokens", this.#tokens);
    return headers;
  }

  #turnDay(now: number): void {
    if (dayOf(now) === this.#day) return;
    this.#day = dayOf(now);
    this.#tokensToday = 0;
  }
}

/** A bucket for a limit; the one that there was, where that is the same. */
function bucketOf(
  perMinute: number | undefined,
  before: TokenBucket | undefined,
  now: number,
): TokenBucket | undefined {
  if (before?.capacity === perMinute) return before;
  return perMinute === undefined ? undefined : new TokenBucket(perMinute, now);
}

const DAY = 86_400_000;

function dayOf(now: number): number {
  return Math.floor(now / DAY);
}

/** Midnight UTC before `now`. */
export function startOfDay(now: number): number {
  return dayOf(now) * DAY;
}

function tooFast(name: string, limit: string, seconds: number): ApiError {
  return new ApiError("rateLimit", `The key "${name}" may have ${limit} a minute.`, {
    code: "rate_limit_exceeded",
    retryAfterSeconds: seconds,
  });
}
