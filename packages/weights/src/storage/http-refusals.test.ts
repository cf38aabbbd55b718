import { describe, expect, test } from "vitest";
import { fileWithHeader } from "../../test-support/files.ts";
import { type Answer, serveFiles } from "../../test-support/range-server.ts";
import { file, large, rangeOf, small, wrongBeyondHead } from "../../test-support/two-tensors.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openModelFolder, openWeights } from "../index.ts";

/** Without waiting before a try is repeated. */
const fast = { retryDelay: 0 };

describe("a server that answers a Range request wrongly", () => {
  const total = file.byteLength;
  test.each([
    ["a range that starts late", `bytes 1-65536/${total}`],
    ["a range that ends early", `bytes 0-65534/${total}`],
    ["a range that ends late", `bytes 0-65536/${total}`],
    ["an unknown size", "bytes 0-65535/*"],
    ["a size smaller than the range", "bytes 0-65535/100"],
    ["a size beyond exact numbers", "bytes 0-65535/99999999999999999999"],
    ["another unit", `items 0-65535/${total}`],
    ["no range", undefined],
  ])("is refused for %s", async (_, contentRange) => {
    await using server = await serveFiles({ "model.safetensors": file }, (_, response, bytes) => {
      response.writeHead(206, contentRange === undefined ? {} : { "content-range": contentRange });
      response.end(bytes.subarray(0, 65536));
      return true;
    });
    const error = await weightErrorOf(openWeights(server.url, fast));
    expect(error).toMatchObject({ code: "WEIGHT_RANGE_INVALID", actual: contentRange ?? null });
    expect(error.file).toBe(`${server.url}model.safetensors`);
  });

  test("is refused for a size that changed since the file was opened", async () => {
    await using server = await wrongBeyondHead((request, response, bytes) => {
      const [start, end] = rangeOf(request.headers.range);
      response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${total + 1}` });
      response.end(bytes.subarray(start, end));
      return true;
    });
    const weights = await openWeights(server.url, fast);
    expect((await weightErrorOf(weights.bytes("small"))).code).toBe("WEIGHT_RANGE_INVALID");
  });

  test.each([
    ["fewer bytes than announced", -1, "WEIGHT_FILE_TRUNCATED"],
    ["more bytes than announced", 1, "WEIGHT_RANGE_INVALID"],
  ])("is refused for %s", async (_, extra, code) => {
    await using server = await wrongBeyondHead((request, response, bytes) => {
      const [start, end] = rangeOf(request.headers.range);
      response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${total}` });
      response.end(extra < 0 ? bytes.subarray(start, end + extra) : Buffer.alloc(end - start + extra));
      return true;
    });
    const weights = await openWeights(server.url, fast);
    expect((await weightErrorOf(weights.bytes("small"))).code).toBe(code);
  });
});

describe("a connection that breaks", () => {
  /** Answers a range, and cuts the connection after so many bytes of it. */
  const cutAfter =
    (bytesOf: (length: number) => number): Answer =>
    (request, response, bytes) => {
      const [start, end] = rangeOf(request.headers.range);
      response.writeHead(206, {
        "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}`,
        "content-length": end - start,
      });
      response.write(bytes.subarray(start, start + bytesOf(end - start)), () => response.destroy());
      return true;
    };

  test("is taken up where it ended", async () => {
    let cuts = 0;
    await using server = await wrongBeyondHead((request, response, bytes) => {
      const length = Math.ceil(file.byteLength / 8);
      return cuts++ < 9 && cutAfter(() => length)(request, response, bytes);
    });
    const weights = await openWeights(server.url, { retries: 0 });
    expect(await weights.bytes("large")).toEqual(new Uint8Array(large.data.buffer));
    const starts = server.requests.slice(1).map(({ range }) => rangeOf(range)[0]);
    expect(starts.length).toBeGreaterThan(5);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(new Set(starts).size).toBe(starts.length);
  });

  test("is a read failure with its cause when it brings nothing again and again", async () => {
    await using server = await wrongBeyondHead(cutAfter(() => 0));
    const weights = await openWeights(server.url, fast);
    const error = await weightErrorOf(weights.bytes("small"));
    expect(error.code).toBe("WEIGHT_READ_FAILED");
    expect(error.cause).toBeInstanceOf(Error);
    expect(server.requests).toHaveLength(6);
  });
});

test("a server that is busy is asked again, for files and for parts of them", async () => {
  const asked = new Map<string, number>();
  await using server = await serveFiles({ "model.safetensors": file }, (request, response) => {
    const count = (asked.get(request.headers.range!) ?? 0) + 1;
    asked.set(request.headers.range!, count);
    if (count < 3) response.writeHead(503).end();
    return count < 3;
  });
  const weights = await openWeights(server.url, fast);
  expect(await weights.bytes("small")).toEqual(new Uint8Array(small.data.buffer));
  expect([...asked.values()]).toEqual([3, 3]);
});

test("a server that is not there is a read failure, which says why", async () => {
  const server = await serveFiles({});
  await server[Symbol.asyncDispose]();
  expect(await weightErrorOf(openWeights(server.url, fast))).toMatchObject({
    code: "WEIGHT_READ_FAILED",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test.each([401, 403, 429, 500, 503])("status %i is an error of its own", async (status) => {
  await using server = await serveFiles({}, (_, response) => {
    response.writeHead(status).end("no");
    return true;
  });
  expect(await weightErrorOf(openWeights(server.url, fast))).toMatchObject({
    code: "WEIGHT_HTTP_STATUS",
    actual: status,
  });
  const folder = await openModelFolder(server.url, fast);
  expect(await weightErrorOf(folder.text("config.json"))).toMatchObject({
    code: "WEIGHT_HTTP_STATUS",
    actual: status,
  });
});

test("an empty file is truncated", async () => {
  await using server = await serveFiles({ "model.safetensors": new Uint8Array() });
  expect((await weightErrorOf(openWeights(server.url, fast))).code).toBe("WEIGHT_FILE_TRUNCATED");
});

test("a header that a lying server makes endless is not read", async () => {
  const header = fileWithHeader("{}", 0);
  new DataView(header.buffer).setBigUint64(0, 90_000_000n, true);
  let asked = 0;
  const fetch = async (_: unknown, init?: RequestInit) => {
    asked++;
    const [start, end] = rangeOf(new Headers(init?.headers).get("range"));
    const body = new Uint8Array(end - start);
    body.set(header.subarray(start, body.byteLength));
    const headers = { "content-range": `bytes ${start}-${end - 1}/${2 ** 52}` };
    return new Response(asked === 1 ? body : "short", { status: 206, headers });
  };
  const error = await weightErrorOf(openWeights("https://example.org/", { ...fast, fetch }));
  expect(error.code).toBe("WEIGHT_FILE_TRUNCATED");
  expect(asked).toBeLessThan(10);
});

test("a file whose ETag changed since it was opened is refused", async () => {
  let version = 0;
  await using server = await serveFiles({ "model.safetensors": file }, (_, response) => {
    response.setHeader("etag", `"v${version++}"`);
    return false;
  });
  const weights = await openWeights(server.url, fast);
  expect(await weightErrorOf(weights.bytes("small"))).toMatchObject({
    code: "WEIGHT_FILE_CHANGED",
    expected: '"v0"',
    actual: '"v1"',
  });
});

test("a text file shorter than declared is truncated", async () => {
  const short = async () => new Response("{", { headers: { "content-length": "2" } });
  const folder = await openModelFolder("https://example.org/", { ...fast, fetch: short });
  const error = await weightErrorOf(folder.text("config.json"));
  expect(error).toMatchObject({ code: "WEIGHT_FILE_TRUNCATED", expected: 2, actual: 1 });
});
