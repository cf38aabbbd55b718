import { expect, test } from "vitest";
import { withIsolation } from "./isolation.ts";
import { partOf } from "./range.ts";

const whole = () => new Response("0123456789", { headers: { "Content-Type": "text/plain" } });

test.each([
  ["bytes=2-4", "234", "bytes 2-4/10"],
  ["bytes=7-", "789", "bytes 7-9/10"],
  ["bytes=7-99", "789", "bytes 7-9/10"],
  ["bytes=-3", "789", "bytes 7-9/10"],
  ["bytes=-99", "0123456789", "bytes 0-9/10"],
])("%s of a cached file is that part, and says which", async (range, text, contentRange) => {
  const part = await partOf(whole(), range);
  expect(part.status).toBe(206);
  expect(part.headers.get("Content-Range")).toBe(contentRange);
  expect(part.headers.get("Content-Length")).toBe(String(text.length));
  expect(part.headers.get("Content-Type")).toBe("text/plain");
  expect(await part.text()).toBe(text);
});

test.each(["bytes=-", "bytes=0-1,3-4", "items=0-1"])("%s is answered with the whole", async (range) => {
  const part = await partOf(whole(), range);
  expect(part.status).toBe(200);
  expect(await part.text()).toBe("0123456789");
});

test("a range past the end is refused with the length", async () => {
  const part = await partOf(whole(), "bytes=10-12");
  expect(part.status).toBe(416);
  expect(part.headers.get("Content-Range")).toBe("bytes */10");
});

test("a response from the cache lets threads share memory, and is else what it was", async () => {
  const isolated = withIsolation(
    new Response("a", { status: 206, headers: { "Content-Range": "bytes 0-0/3" } }),
  );
  expect(isolated.status).toBe(206);
  expect(isolated.headers.get("Content-Range")).toBe("bytes 0-0/3");
  expect(isolated.headers.get("Cross-Origin-Embedder-Policy")).toBe("require-corp");
  expect(isolated.headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
  expect(await isolated.text()).toBe("a");
});
