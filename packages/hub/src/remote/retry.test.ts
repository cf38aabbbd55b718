import { expect, test } from "vitest";
import { retryAfterOf, TransientError, waitForRetry } from "./retry.ts";

const headers = (value?: string) => new Headers(value === undefined ? {} : { "retry-after": value });

test("Retry-After is seconds or a date, and anything else is nothing", () => {
  const now = Date.parse("Tue, 24 Nov 2026 10:00:00 GMT");
  expect(retryAfterOf(headers("7"), now)).toBe(7000);
  expect(retryAfterOf(headers("Tue, 24 Nov 2026 10:00:09 GMT"), now)).toBe(9000);
  expect(retryAfterOf(headers("Tue, 24 Nov 2026 09:00:00 GMT"), now)).toBe(0);
  expect(retryAfterOf(headers("soon"), now)).toBeUndefined();
  expect(retryAfterOf(headers(), now)).toBeUndefined();
});

test("other errors, too many failures, and a server that wants a long rest end the tries", async () => {
  const policy = { retries: 2, delay: 1 };
  const transient = new TransientError("cut");
  await waitForRetry(transient, 2, policy, undefined);
  for (const [error, failures] of [
    [transient, 3],
    [new Error("no"), 1],
    [new TransientError("busy", { retryAfter: 3_600_000 }), 1],
  ] as const) {
    await expect(waitForRetry(error, failures, policy, undefined)).rejects.toBe(error);
  }
});
