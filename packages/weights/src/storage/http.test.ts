import { describe, expect, test } from "vitest";
import { collect, countingTensor, fileWithHeader, safetensors } from "../../test-support/files.ts";
import { type Answer, serveFiles } from "../../test-support/range-server.ts";
import { openModelFolder, openWeights, WeightError } from "../index.ts";

const MiB = 2 ** 20;

// 64 KiB of "small" lie beyond the first request; "large" takes several network chunks.
const large = countingTensor("large", [512, 512]);
const small = countingTensor("small", [128, 128]);
const file = await safetensors([large, small]);

/** A server of this file whose answers beyond the first 64 KiB, or all of them, are wrong. */
function misbehaving(answer: Answer, beyondHead = true): ReturnType<typeof serveFiles> {
  return serveFiles({ "model.safetensors": file }, (request, response, bytes) => {
    const isHead = request.headers.range === "bytes=0-65535";
    return isHead === !beyondHead && answer(request, response, bytes);
  });
}

async function errorOf(promise: Promise<unknown>): Promise<WeightError> {
  const error = await promise.then(
    () => "nothing failed",
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(WeightError);
  return error;
}

test("a header costs one request, and a tensor beyond it one more", async () => {
  await using server = await serveFiles({ "model.safetensors": file });
  const weights = await openWeights(new URL("model.safetensors", server.url));
  expect(await collect(weights.read("small"))).toEqual(new Uint8Array(small.data.buffer));
  const { byteOffset, byteLength } = weights.tensors.get("small")!;
  expect(server.requests).toEqual([
    { path: "/model.safetensors", range: "bytes=0-65535" },
    { path: "/model.safetensors", range: `bytes=${byteOffset}-${byteOffset + byteLength - 1}` },
  ]);
});

test("a folder's URL may lack its last slash, and a location may be a string", async () => {
  await using server = await serveFiles({ "models/a b/model.safetensors": file });
  const weights = await openWeights(`${server.url}models/a%20b`);
  expect(await weights.bytes("large")).toEqual(new Uint8Array(large.data.buffer));
});

test("a redirect is followed", async () => {
  await using server = await serveFiles({ "store/abc": file }, (request, response) => {
    if (!request.url!.startsWith("/model")) return false;
    response.writeHead(302, { location: "/store/abc" }).end();
    return true;
  });
  const weights = await openWeights(server.url);
  expect(await weights.bytes("small")).toEqual(new Uint8Array(small.data.buffer));
});

test("a query goes with every request and stays out of messages", async () => {
  await using server = await serveFiles({ "m/config.json": new TextEncoder().encode("{}") });
  const folder = await openModelFolder(new URL("m/?signature=secret", server.url));
  expect(await folder.text("config.json")).toBe("{}");
  const error = await errorOf(folder.weights());
  expect(error.code).toBe("WEIGHT_FILE_MISSING");
  expect(`${error.message} ${error.file} ${folder.location}`).not.toContain("secret");
  expect(server.requests.every(({ path }) => path.endsWith("?signature=secret"))).toBe(true);
});

test("a page in place of a missing file counts as missing", async () => {
  await using server = await serveFiles({}, (_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html>");
    return true;
  });
  const folder = await openModelFolder(server.url);
  expect(await folder.text("chat_template.jinja")).toBeUndefined();
  expect((await errorOf(folder.weights())).code).toBe("WEIGHT_FILE_MISSING");
});

describe("a server that ignores Range requests", () => {
  test("serves a small file whole, once", async () => {
    await using server = await serveFiles({ "model.safetensors": file }, (_, response, bytes) => {
      response.writeHead(200).end(bytes);
      return true;
    });
    const weights = await openWeights(server.url);
    expect(await weights.bytes("large")).toEqual(new Uint8Array(large.data.buffer));
    expect(await weights.bytes("small")).toEqual(new Uint8Array(small.data.buffer));
    expect(server.requests).toHaveLength(1);
  });

  test("is refused for a large file as soon as its length is known", async () => {
    await using server = await serveFiles({}, (_, response) => {
      response.writeHead(200, { "content-length": 64 * MiB + 1 }).write("x");
      return true;
    });
    const error = await errorOf(openWeights(server.url));
    expect(error).toMatchObject({ code: "WEIGHT_RANGE_UNSUPPORTED", expected: 206, actual: 200 });
    await expect.poll(() => server.pending).toBe(0);
  });

  test("is refused for a file of unknown length once it proves large", async () => {
    const chunk = new Uint8Array(MiB);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(chunk);
        sent += MiB;
      },
    });
    const error = await errorOf(
      openWeights("https://example.org/x/", { fetch: async () => new Response(endless) }),
    );
    expect(error.code).toBe("WEIGHT_RANGE_UNSUPPORTED");
    expect(sent).toBeLessThanOrEqual(66 * MiB);
  });

  test("is refused when it starts to ignore them in the middle", async () => {
    await using server = await misbehaving((_, response, bytes) => {
      response.writeHead(200).end(bytes);
      return true;
    });
    const weights = await openWeights(server.url);
    expect((await errorOf(weights.bytes("small"))).code).toBe("WEIGHT_RANGE_UNSUPPORTED");
  });
});

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
    await using server = await misbehaving((_, response, bytes) => {
      response.writeHead(206, contentRange === undefined ? {} : { "content-range": contentRange });
      response.end(bytes.subarray(0, 65536));
      return true;
    }, false);
    const error = await errorOf(openWeights(server.url));
    expect(error).toMatchObject({ code: "WEIGHT_RANGE_INVALID", actual: contentRange ?? null });
    expect(error.file).toBe(`${server.url}model.safetensors`);
  });

  test("is refused for a size that changed since the file was opened", async () => {
    await using server = await misbehaving((request, response, bytes) => {
      const [start, end] = request.headers.range!.match(/\d+/g)!.map(Number);
      response.writeHead(206, { "content-range": `bytes ${start}-${end}/${total + 1}` });
      response.end(bytes.subarray(start, end! + 1));
      return true;
    });
    const weights = await openWeights(server.url);
    expect((await errorOf(weights.bytes("small"))).code).toBe("WEIGHT_RANGE_INVALID");
  });

  test.each([
    ["fewer bytes than announced", -1, "WEIGHT_FILE_TRUNCATED"],
    ["more bytes than announced", 1, "WEIGHT_RANGE_INVALID"],
  ])("is refused for %s", async (_, extra, code) => {
    await using server = await misbehaving((request, response, bytes) => {
      const [start, end] = request.headers.range!.match(/\d+/g)!.map(Number);
      response.writeHead(206, { "content-range": `bytes ${start}-${end}/${total}` });
      response.end(
        extra < 0 ? bytes.subarray(start, end! + 1 + extra) : Buffer.alloc(end! + 1 - start! + extra),
      );
      return true;
    });
    const weights = await openWeights(server.url);
    expect((await errorOf(weights.bytes("small"))).code).toBe(code);
  });
});

test("a connection that breaks is a read failure with its cause", async () => {
  await using server = await misbehaving((request, response, bytes) => {
    const [start, end] = request.headers.range!.match(/\d+/g)!.map(Number);
    response.writeHead(206, {
      "content-range": `bytes ${start}-${end}/${bytes.byteLength}`,
      "content-length": end! + 1 - start!,
    });
    response.write(bytes.subarray(start, start! + 1000), () => response.destroy());
    return true;
  });
  const weights = await openWeights(server.url);
  const error = await errorOf(weights.bytes("small"));
  expect(error.code).toBe("WEIGHT_READ_FAILED");
  expect(error.cause).toBeInstanceOf(Error);
});

test("a server that is not there is a read failure", async () => {
  const server = await serveFiles({});
  await server[Symbol.asyncDispose]();
  expect((await errorOf(openWeights(server.url))).code).toBe("WEIGHT_READ_FAILED");
});

test.each([401, 403, 429, 500, 503])("status %i is an error of its own", async (status) => {
  await using server = await serveFiles({}, (_, response) => {
    response.writeHead(status).end("no");
    return true;
  });
  expect(await errorOf(openWeights(server.url))).toMatchObject({
    code: "WEIGHT_HTTP_STATUS",
    actual: status,
  });
  const folder = await openModelFolder(server.url);
  expect(await errorOf(folder.text("config.json"))).toMatchObject({
    code: "WEIGHT_HTTP_STATUS",
    actual: status,
  });
});

test("an empty file is truncated", async () => {
  await using server = await serveFiles({ "model.safetensors": new Uint8Array() });
  expect((await errorOf(openWeights(server.url))).code).toBe("WEIGHT_FILE_TRUNCATED");
});

test("a header that a lying server makes endless is not read", async () => {
  const header = fileWithHeader("{}", 0);
  new DataView(header.buffer).setBigUint64(0, 90_000_000n, true);
  let asked = 0;
  const fetch = async (_: unknown, init?: RequestInit) => {
    asked++;
    const [start, end] = new Headers(init?.headers).get("range")!.match(/\d+/g)!.map(Number);
    const body = new Uint8Array(end! + 1 - start!);
    body.set(header.subarray(start, body.byteLength));
    const headers = { "content-range": `bytes ${start}-${end}/${2 ** 52}` };
    return new Response(asked === 1 ? body : "short", { status: 206, headers });
  };
  const error = await errorOf(openWeights("https://example.org/", { fetch }));
  expect(error).toMatchObject({ code: "WEIGHT_FILE_TRUNCATED", expected: 90_000_000 });
});

test("a file whose ETag changed since it was opened is refused", async () => {
  let version = 0;
  await using server = await serveFiles({ "model.safetensors": file }, (_, response) => {
    response.setHeader("etag", `"v${version++}"`);
    return false;
  });
  const weights = await openWeights(server.url);
  expect(await errorOf(weights.bytes("small"))).toMatchObject({
    code: "WEIGHT_FILE_CHANGED",
    expected: '"v0"',
    actual: '"v1"',
  });
});

describe("aborting", () => {
  /** Sends the first KiB of a range beyond the head, and then nothing. */
  const stalling: Answer = (request, response, bytes) => {
    const [start, end] = request.headers.range!.match(/\d+/g)!.map(Number);
    response.writeHead(206, { "content-range": `bytes ${start}-${end}/${bytes.byteLength}` });
    response.write(bytes.subarray(start, start! + 1024));
    return true;
  };

  test("a read rejects with the signal's reason and ends the connection", async () => {
    await using server = await misbehaving(stalling);
    const weights = await openWeights(server.url);
    const reason = new Error("enough");
    const signal = new AbortController();
    const read = weights.bytes("small", signal.signal);
    await expect.poll(() => server.pending).toBe(1);
    signal.abort(reason);
    await expect(read).rejects.toBe(reason);
    await expect.poll(() => server.pending).toBe(0);
  });

  test("closing ends a read that is under way, and later ones", async () => {
    await using server = await misbehaving(stalling);
    const weights = await openWeights(server.url);
    const read = weights.bytes("small");
    await expect.poll(() => server.pending).toBe(1);
    const closed = weights.close();
    expect((await errorOf(read)).code).toBe("WEIGHT_CLOSED");
    await closed;
    expect((await errorOf(weights.bytes("small"))).code).toBe("WEIGHT_CLOSED");
    await expect.poll(() => server.pending).toBe(0);
  });

  test("leaving a loop over the pieces ends the connection", async () => {
    let ended = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(MiB)),
      cancel: () => {
        ended = true;
      },
    });
    const weights = await openWeights("https://example.org/", { fetch: hugeTensor(() => body) });
    for await (const piece of weights.read("huge")) {
      expect(piece.byteLength).toBe(8 * MiB);
      break;
    }
    expect(ended).toBe(true);
  });

  test("an opening rejects with the signal's reason", async () => {
    await using server = await misbehaving(() => true, false);
    const reason = new Error("enough");
    const signal = new AbortController();
    const opening = openWeights(server.url, { signal: signal.signal });
    await expect.poll(() => server.pending).toBe(1);
    signal.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await expect(openWeights(server.url, { signal: signal.signal })).rejects.toBe(reason);
  });
});

const HUGE_ROWS = 64 * 1024;

/** A file of one bf16 tensor of 512 MiB that does not exist, but for what `body` gives. */
function hugeTensor(body: (byteLength: number) => ReadableStream): typeof fetch {
  const byteLength = HUGE_ROWS * 8192;
  const entry = { dtype: "BF16", shape: [HUGE_ROWS, 4096], data_offsets: [0, byteLength] };
  const head = fileWithHeader(JSON.stringify({ huge: entry }), 64 * 1024);
  const dataStart = head.byteLength - 64 * 1024;
  return async (_, init) => {
    const [start, end] = new Headers(init?.headers).get("range")!.match(/\d+/g)!.map(Number);
    const headers = { "content-range": `bytes ${start}-${end}/${dataStart + byteLength}` };
    const content = start === 0 ? head.subarray(0, end! + 1) : body(end! + 1 - start!);
    return new Response(content, { status: 206, headers });
  };
}

test("a huge tensor passes through one piece of memory, no faster than it is consumed", async () => {
  const NETWORK_CHUNK = 64 * 1024;
  let produced = 0;
  const body = (byteLength: number) =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(NETWORK_CHUNK));
        produced += NETWORK_CHUNK;
        if (produced === byteLength) controller.close();
      },
    });
  const weights = await openWeights("https://example.org/", { fetch: hugeTensor(body) });

  let consumed = 0;
  let mostAhead = 0;
  const memory = new Set<ArrayBufferLike>();
  for await (const piece of weights.read("huge")) {
    memory.add(piece.buffer);
    expect(piece.byteLength % 8192).toBe(0);
    mostAhead = Math.max(mostAhead, produced - consumed);
    consumed += piece.byteLength;
  }
  expect(consumed).toBe(HUGE_ROWS * 8192);
  expect(mostAhead).toBeLessThanOrEqual(8 * MiB + 2 * NETWORK_CHUNK);
  expect([...memory].reduce((bytes, { byteLength }) => bytes + byteLength, 0)).toBe(8 * MiB);
});
