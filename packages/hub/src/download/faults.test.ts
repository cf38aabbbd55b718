import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Answer, serveHub, sha256 } from "../../test-support/hub-server.ts";
import { large, PIECE } from "../../test-support/repositories.ts";
import { type Cache, hubErrorOf, temporaryCache } from "../../test-support/temporary-cache.ts";
import { pullModel } from "../pull-model.ts";

const model = large(10 * PIECE + 100);
const bytes = model.files["model.gguf"]!;
const blobs = (cache: Cache) => join(cache.folder, "models--org--large/blobs");

/** Sends the beginning of an answer, and cuts the connection. */
const cut =
  (share: number): Answer =>
  ({ range: [start, end] = [0, 0] }, response, body) => {
    response.writeHead(206, {
      "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}`,
      "content-length": body.byteLength,
    });
    response.write(body.subarray(0, Math.floor(body.byteLength * share)), () => response.destroy());
    return true;
  };

test("connections that are cut go on where they ended", async () => {
  let requests = 0;
  await using hub = await serveHub([model], (...it) => (requests++ % 3 < 2 ? cut(0.5)(...it) : false));
  await using cache = await temporaryCache();
  const { path } = await pullModel("org/large", cache.options(hub));
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  const asked = hub.contentRequests().filter((it) => it.server === "cdn");
  expect(asked.length).toBeGreaterThan(20);
  // A try that was cut had brought a half, or what of it was on the way.
  expect(asked.some(({ range }) => range![0] % PIECE !== 0)).toBe(true);
});

test("a file comes in as many ranges at once as there may be connections, and never in more", async () => {
  const held: (() => void)[] = [];
  let open = 0;
  let most = 0;
  await using hub = await serveHub([model], ({ server, range: [start, end] = [0, 0] }, response, body) => {
    if (server !== "cdn") return false;
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    if (held.length === 4) return false;
    // The first are answered when all of them have been asked for, and so never if one waits for another.
    held.push(() => {
      response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` }).end(body);
    });
    if (held.length === 4) for (const answer of held) answer();
    return true;
  });
  await using cache = await temporaryCache();
  const { path } = await pullModel("org/large", cache.options(hub, { connections: 4 }));
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  expect(most).toBe(4);
});

test("a server that never answers well is given up, what has arrived is kept, and the next pull goes on", async () => {
  let isBroken = true;
  await using hub = await serveHub([model], ({ range: [start] = [0] }, response) => {
    if (isBroken && start >= 5 * PIECE) response.writeHead(503).end();
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel("org/large", cache.options(hub, { retries: 2, connections: 1 })));
  expect(error).toMatchObject({ code: "HUB_REQUEST_FAILED", actual: 503, file: "model.gguf" });
  isBroken = false;
  const before = hub.requests.length;
  const { receivedBytes, path } = await pullModel("org/large", cache.options(hub));
  expect(receivedBytes).toBe(bytes.byteLength - 5 * PIECE);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  const again = hub.requests.slice(before).filter((it) => it.server === "cdn");
  expect(again.every(({ range }) => range![0] >= 5 * PIECE)).toBe(true);
});

test("a server that is asked too often is asked again when it says", async () => {
  const times: number[] = [];
  await using hub = await serveHub([model], ({ server }, response) => {
    if (server !== "cdn") return false;
    times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  await pullModel("org/large", cache.options(hub, { connections: 1 }));
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
});

test("slow bytes are waited for, and a connection on which nothing comes is cut", async () => {
  await using hub = await serveHub([model], ({ range: [start, end] = [0, 0] }, response, body) => {
    if (start === 0) {
      response.writeHead(206, { "content-range": `bytes 0-${end - 1}/${bytes.byteLength}` });
      const chunks = Array.from({ length: 8 }, (_, chunk) => body.subarray(chunk * 512, (chunk + 1) * 512));
      const timer = setInterval(() => {
        const chunk = chunks.shift();
        if (chunk !== undefined) response.write(chunk);
        else response.end(() => clearInterval(timer));
      }, 60);
    } else if (start === PIECE) {
      response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` });
      response.write(body.subarray(0, 1000));
    }
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  const { path } = await pullModel("org/large", cache.options(hub, { stallTimeout: 300 }));
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  expect(hub.contentRequests().some(({ range }) => range![0] === PIECE + 1000)).toBe(true);
});

test("a server that ignores Range requests sends the whole file, again if it is cut", async () => {
  let whole = 0;
  await using hub = await serveHub([model], ({ server, range }, response) => {
    if (server !== "cdn") return false;
    response.writeHead(200, { "content-length": bytes.byteLength });
    if (range![0] === 0 && range![1] === bytes.byteLength && whole++ === 0) {
      response.write(bytes.subarray(0, 6 * PIECE), () => response.destroy());
    } else {
      response.end(bytes);
    }
    return true;
  });
  await using cache = await temporaryCache();
  const { path } = await pullModel("org/large", cache.options(hub));
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  expect(whole).toBe(2);
});

const wrong =
  (times: number): Answer =>
  ({ range: [start, end] = [0, 0] }, response, body) => {
    if (start !== 3 * PIECE || times-- <= 0) return false;
    const flipped = body.map((byte, index) => (index === 7 ? byte ^ 1 : byte));
    response
      .writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` })
      .end(flipped);
    return true;
  };

test("wrong bytes are fetched once more", async () => {
  await using hub = await serveHub([model], wrong(1));
  await using cache = await temporaryCache();
  const { path } = await pullModel("org/large", cache.options(hub));
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
});

test("bytes that are wrong twice are an error with both checksums, and nothing of them is kept", async () => {
  await using hub = await serveHub([model], wrong(2));
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel("org/large", cache.options(hub)));
  expect(error).toMatchObject({
    code: "HUB_CHECKSUM_MISMATCH",
    file: "model.gguf",
    expected: sha256(bytes),
    actual: sha256(bytes.map((byte, index) => (index === 3 * PIECE + 7 ? byte ^ 1 : byte))),
  });
  expect(await readdir(blobs(cache))).toEqual([]);
});

test("of a partial file that was damaged on disk only the damaged piece is fetched again", async () => {
  let isBroken = true;
  await using hub = await serveHub([model], ({ range: [start] = [0] }, response) => {
    if (isBroken && start === 10 * PIECE) response.writeHead(500).end();
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 1, retries: 0 });
  await hubErrorOf(pullModel("org/large", options));
  const partial = (await readdir(blobs(cache))).find((name) => name.endsWith("-partial"))!;
  const file = await open(join(blobs(cache), partial), "r+");
  await file.write(new Uint8Array(10), 0, 10, 4 * PIECE + 5);
  await file.close();
  isBroken = false;
  const { receivedBytes, path } = await pullModel("org/large", options);
  expect(receivedBytes).toBe(100 + PIECE);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
});

test("an answer of another size than the listing's is refused", async () => {
  await using hub = await serveHub([model], ({ server, range: [start, end] = [0, 0] }, response, body) => {
    if (server === "cdn") {
      response
        .writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength + 1}` })
        .end(body);
    }
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel("org/large", cache.options(hub)));
  expect(error).toMatchObject({ code: "HUB_RESPONSE_INVALID", file: "model.gguf" });
});

test("an abort ends the pull with its reason, lets go of the lock, and the next pull goes on", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  await using hub = await serveHub([model], ({ range: [start] = [0] }) => {
    const isStopped = start === 6 * PIECE && !stop.signal.aborted;
    if (isStopped) setTimeout(() => stop.abort(reason), 50);
    return isStopped;
  });
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 1 });
  await expect(pullModel("org/large", { ...options, signal: stop.signal })).rejects.toBe(reason);
  expect(await readdir(join(cache.folder, ".locks/models--org--large"))).toEqual([]);
  const { receivedBytes } = await pullModel("org/large", options);
  expect(receivedBytes).toBe(bytes.byteLength - 6 * PIECE);
});
