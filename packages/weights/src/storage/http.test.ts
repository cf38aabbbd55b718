import { describe, expect, test } from "vitest";
import { collect, countingTensor, safetensors } from "../../test-support/files.ts";
import { serveFiles } from "../../test-support/range-server.ts";
import { file, large, small, wrongBeyondHead } from "../../test-support/two-tensors.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openModelFolder, openWeights } from "../index.ts";

const MiB = 2 ** 20;

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

test("small tensors that lie side by side come in one request, in whatever order, and large ones alone", async () => {
  const layers = Array.from({ length: 24 }, (_, index) =>
    countingTensor(`small.${String(index).padStart(2, "0")}`, [128, 128]),
  );
  const bytes = await safetensors([large, ...layers]);
  await using server = await serveFiles({ "model.safetensors": bytes });
  const weights = await openWeights(server.url);
  expect(await weights.bytes("large")).toEqual(new Uint8Array(large.data.buffer));
  for (const { name, data } of [
    ...layers.slice(0, 16),
    ...layers.slice(0, 16).reverse(),
    ...layers.slice(16),
  ]) {
    expect(await weights.bytes(name)).toEqual(new Uint8Array(data.buffer));
  }
  const first = weights.tensors.get("small.00")!.byteOffset;
  expect(server.requests.slice(1).map(({ range }) => range)).toEqual([
    `bytes=${weights.tensors.get("large")!.byteOffset}-${first - 1}`,
    `bytes=${first}-${first + MiB - 1}`,
    `bytes=${first + MiB}-${bytes.byteLength - 1}`,
  ]);
});

test("an empty tensor costs no request", async () => {
  const bytes = await safetensors([
    large,
    { name: "none", dtype: "U8", shape: [0, 3], data: new Uint8Array() },
  ]);
  await using server = await serveFiles({ "model.safetensors": bytes });
  const weights = await openWeights(server.url);
  expect(await weights.bytes("none")).toEqual(new Uint8Array());
  expect(server.requests).toHaveLength(1);
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
  const error = await weightErrorOf(folder.weights());
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
  expect((await weightErrorOf(folder.weights())).code).toBe("WEIGHT_FILE_MISSING");
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
    const error = await weightErrorOf(openWeights(server.url));
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
    const error = await weightErrorOf(
      openWeights("https://example.org/x/", { fetch: async () => new Response(endless) }),
    );
    expect(error.code).toBe("WEIGHT_RANGE_UNSUPPORTED");
    expect(sent).toBeLessThanOrEqual(66 * MiB);
  });

  test("is refused when it starts to ignore them in the middle", async () => {
    await using server = await wrongBeyondHead((_, response, bytes) => {
      response.writeHead(200).end(bytes);
      return true;
    });
    const weights = await openWeights(server.url);
    expect((await weightErrorOf(weights.bytes("small"))).code).toBe("WEIGHT_RANGE_UNSUPPORTED");
  });
});
