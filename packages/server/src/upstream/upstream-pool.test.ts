import { describe, expect, test, vi } from "vitest";
import { UpstreamError } from "./upstream-error.ts";
import { UpstreamPool, type UpstreamPoolOptions } from "./upstream-pool.ts";

const urls = ["http://a.example", "http://b.example/v1/", "http://c.example"];

/** Upstreams that answer their health check as told: a status by host, or nothing at all. */
function poolOf(
  statuses: Record<string, number | undefined> = {},
  onTrouble?: UpstreamPoolOptions["onTrouble"],
) {
  const fetch = (async (input: string) => {
    const status = statuses[new URL(input).hostname[0]!];
    if (status === undefined) throw new TypeError("fetch failed");
    return new Response(null, { status: input.endsWith("/v1/models") ? 200 : status });
  }) as typeof globalThis.fetch;
  return new UpstreamPool({ urls, fetch, healthSeconds: 3600, affinitySlack: 2, onTrouble });
}

const prefixes = Array.from({ length: 300 }, (_, i) => `system prompt ${i}`);

describe("routing", () => {
  test("requests of one prefix go to one upstream, and prefixes spread over all", () => {
    using pool = poolOf();
    const chosen = prefixes.map((prefix) => pool.choose(prefix, new Set()).url);
    expect(prefixes.map((prefix) => pool.choose(prefix, new Set()).url)).toEqual(chosen);
    for (const { url } of pool.upstreams) {
      expect(chosen.filter((each) => each === url).length).toBeGreaterThan(60);
    }
  });

  test("when an upstream goes away only its own prefixes move", () => {
    using pool = poolOf();
    const before = prefixes.map((prefix) => pool.choose(prefix, new Set()));
    pool.upstreams[1]!.isHealthy = false;
    for (const [i, prefix] of prefixes.entries()) {
      const now = pool.choose(prefix, new Set());
      if (before[i] === pool.upstreams[1]) expect(now).not.toBe(before[i]);
      else expect(now).toBe(before[i]);
    }
  });

  test("one that has much more to do than another is passed over", () => {
    using pool = poolOf();
    const preferred = pool.choose("prefix", new Set());
    preferred.running = 2;
    expect(pool.choose("prefix", new Set())).toBe(preferred);
    preferred.running = 3;
    expect(pool.choose("prefix", new Set())).not.toBe(preferred);
  });

  test("one that this request has tried is not tried again, and none left is an error with their names", () => {
    using pool = poolOf();
    const tried = new Set([pool.upstreams[0]!, pool.upstreams[2]!]);
    for (const prefix of prefixes) expect(pool.choose(prefix, tried)).toBe(pool.upstreams[1]);
    expect(() => pool.choose("prefix", new Set(pool.upstreams))).toThrow(
      expect.objectContaining({
        code: "UPSTREAM_FAILED",
        message: expect.stringContaining("http://b.example"),
      }),
    );
  });

  test("where all seem down, one is tried all the same", () => {
    using pool = poolOf();
    for (const upstream of pool.upstreams) upstream.isHealthy = false;
    expect(pool.upstreams).toContain(pool.choose("prefix", new Set()));
  });
});

describe("health", () => {
  test("is what the upstream answers, by any of the usual addresses", async () => {
    using pool = poolOf({ a: 200, b: 404, c: 503 });
    await pool.checkHealth();
    expect(pool.upstreams.map(({ isHealthy }) => isHealthy)).toEqual([true, true, false]);
  });

  test("one that cannot be reached is not healthy, and is again when it answers", async () => {
    const statuses: Record<string, number | undefined> = { b: 200, c: 401 };
    using pool = poolOf(statuses);
    await pool.checkHealth();
    expect(pool.upstreams.map(({ isHealthy }) => isHealthy)).toEqual([false, true, true]);
    statuses.a = 200;
    await pool.checkHealth();
    expect(pool.upstreams[0]!.isHealthy).toBe(true);
  });

  test("one that said nothing for so long stays out for as long, however well it says it is", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      using pool = poolOf({ a: 200, b: 200, c: 200 });
      const [silent, other] = [pool.upstreams[0]!, pool.upstreams[1]!];
      pool.note(silent, new UpstreamError(silent.url, "has said nothing.", { silentSeconds: 20 }));
      pool.note(other, new UpstreamError(other.url, "broke off."));
      await pool.checkHealth();
      expect(pool.upstreams.map(({ isHealthy }) => isHealthy)).toEqual([false, true, true]);
      vi.setSystemTime(Date.now() + 19_999);
      await pool.checkHealth();
      expect(silent.isHealthy).toBe(false);
      vi.setSystemTime(Date.now() + 1);
      await pool.checkHealth();
      expect(silent.isHealthy).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  test("whoever wants to know is told once when one is taken out, and why, and once when it is back", async () => {
    const statuses: Record<string, number | undefined> = { a: 200, b: 503, c: 200 };
    const told: [string, string | undefined][] = [];
    using pool = poolOf(statuses, (url, error) => told.push([url, error?.message]));
    await pool.checkHealth();
    await pool.checkHealth();
    const [a, b] = ["http://a.example", "http://b.example"];
    expect(told.splice(0)).toEqual([[b, `The upstream ${b} answered 503 when asked for its health.`]]);
    Object.assign(statuses, { a: undefined, b: 200 });
    await pool.checkHealth();
    expect(told.splice(0).sort()).toEqual([
      [a, `The upstream ${a} cannot be reached: fetch failed.`],
      [b, undefined],
    ]);
    // Not once the pool has ended: then a look that breaks off says nothing.
    statuses.a = 200;
    const check = pool.checkHealth();
    pool[Symbol.dispose]();
    await check;
    expect(told).toEqual([]);
  });
});

test.each([[], ["ftp://a.example"], ["not a URL"]])("urls such as %j are refused", (...wrong) => {
  expect(() => new UpstreamPool({ urls: wrong, fetch, healthSeconds: 1, affinitySlack: 0 })).toThrow(
    TypeError,
  );
});
