import { describe, expect, test } from "vitest";
import { fileWithHeader } from "../../test-support/files.ts";
import { type Answer, serveFiles } from "../../test-support/range-server.ts";
import { rangeOf, wrongBeyondHead } from "../../test-support/two-tensors.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openWeights } from "../index.ts";

const MiB = 2 ** 20;

describe("aborting", () => {
  /** Sends the first KiB of a range beyond the head, and then nothing. */
  const stalling: Answer = (request, response, bytes) => {
    const [start, end] = rangeOf(request.headers.range);
    response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` });
    response.write(bytes.subarray(start, start + 1024));
    return true;
  };

  test("a read rejects with the signal's reason and ends the connection", async () => {
    await using server = await wrongBeyondHead(stalling);
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
    await using server = await wrongBeyondHead(stalling);
    const weights = await openWeights(server.url);
    const read = weights.bytes("small");
    await expect.poll(() => server.pending).toBe(1);
    const closed = weights.close();
    expect((await weightErrorOf(read)).code).toBe("WEIGHT_CLOSED");
    await closed;
    expect((await weightErrorOf(weights.bytes("small"))).code).toBe("WEIGHT_CLOSED");
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
    await using server = await serveFiles({}, () => true);
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
    const [start, end] = rangeOf(new Headers(init?.headers).get("range"));
    const headers = { "content-range": `bytes ${start}-${end - 1}/${dataStart + byteLength}` };
    const content = start === 0 ? head.subarray(0, end) : body(end - start);
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
