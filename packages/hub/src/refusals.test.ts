import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { commitB, serveHub, type TestRepository } from "../test-support/hub-server.ts";
import { bytesOf, large, quantized, sharded, text } from "../test-support/repositories.ts";
import { hubErrorOf, temporaryCache } from "../test-support/temporary-cache.ts";
import { diskStorage } from "./disk/disk-storage.ts";
import type { HubErrorCode } from "./hub-error.ts";
import { type PullOptions, pullModel } from "./pull-model.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A hub that answers everything in one way. */
async function serveAnswer(status: number, headers: Record<string, string> = {}, body = "") {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.for<[status: number, xErrorCode: string, token: string | undefined, code: HubErrorCode, says: RegExp]>([
  [
    401,
    "GatedRepo",
    undefined,
    "HUB_ACCESS_DENIED",
    /gated\. Accept its terms at .*org\/name and set HF_TOKEN/,
  ],
  [403, "GatedRepo", "hf_x", "HUB_ACCESS_DENIED", /gated\. .* account that HF_TOKEN belongs to/],
  [401, "", "hf_x", "HUB_ACCESS_DENIED", /Check HF_TOKEN/],
  [401, "", undefined, "HUB_ACCESS_DENIED", /Check the name; .*set HF_TOKEN/],
  [401, "RepoNotFound", undefined, "HUB_MODEL_NOT_FOUND", /no model "org\/name".*set HF_TOKEN/],
  [404, "", undefined, "HUB_MODEL_NOT_FOUND", /Check the name/],
  [404, "RevisionNotFound", undefined, "HUB_REVISION_NOT_FOUND", /no branch, tag or commit "v2"/],
  [418, "", undefined, "HUB_RESPONSE_INVALID", /answered 418/],
  [500, "", undefined, "HUB_REQUEST_FAILED", /answered 500/],
])("status %i %s, token %s: %s, which says what to do", async ([status, xErrorCode, token, code, says]) => {
  await using hub = await serveAnswer(status, { "x-error-code": xErrorCode });
  await using cache = await temporaryCache();
  const error = await hubErrorOf(
    pullModel("org/name", {
      endpoint: hub.endpoint,
      cacheFolder: cache.folder,
      revision: "v2",
      token,
      retryDelay: 1,
    }),
  );
  expect(error).toMatchObject({ code, model: "org/name", actual: status });
  expect(error.message).toMatch(says);
  expect(hub.requests).toBe(status === 500 ? 4 : 1);
});

test("a server that speaks of something else is no hub", async () => {
  await using hub = await serveAnswer(200, { "content-type": "text/html" }, "<html>Welcome</html>");
  await using cache = await temporaryCache();
  const error = await hubErrorOf(
    pullModel("org/name", { endpoint: hub.endpoint, cacheFolder: cache.folder }),
  );
  expect(error.code).toBe("HUB_RESPONSE_INVALID");
  expect(error.message).toMatch(/HF_ENDPOINT/);
});

test("a hub that cannot be reached is named, with what still works", async () => {
  const { endpoint, [Symbol.asyncDispose]: close } = await serveAnswer(200);
  await close();
  await using cache = await temporaryCache();
  const error = await hubErrorOf(
    pullModel("org/name", { endpoint, cacheFolder: cache.folder, retryDelay: 1 }),
  );
  expect(error.code).toBe("HUB_REQUEST_FAILED");
  expect(error.message).toMatch(/ECONNREFUSED.*offline/);
  expect(error.message).toContain(endpoint);
});

const escaping = "../../../escaped.safetensors";
const hostile: TestRepository = {
  id: "org/hostile",
  files: {
    "config.json": text("{}"),
    [escaping]: bytesOf(100),
    "model.safetensors.index.json": text(JSON.stringify({ weight_map: { a: escaping } })),
  },
};

test.for<[repository: TestRepository, options: PullOptions, code: HubErrorCode, says: RegExp]>([
  [hostile, {}, "HUB_FILE_NAME_UNSAFE", /could lead out of the cache/],
  [{ id: "org/up", files: { "../../up.gguf": bytesOf(10) } }, {}, "HUB_FILE_NAME_UNSAFE", /\.\.\/\.\.\/up/],
  [{ id: "org/drive", files: { "C:\\up.gguf": bytesOf(10) } }, {}, "HUB_FILE_NAME_UNSAFE", /C:/],
  [sharded, { revision: "../main" }, "HUB_FILE_NAME_UNSAFE", /\.\.\/main/],
  [sharded, { revision: commitB }, "HUB_REVISION_NOT_FOUND", /bbbb/],
  [sharded, { file: "Q4_0" }, "HUB_FILE_NOT_FOUND", /no GGUF file.*It has safetensors/],
  [quantized, { file: "Q2_K" }, "HUB_FILE_NOT_FOUND", /"Q2_K"\. It has .*nano-Q4_0\.gguf \(20\.0 kB\)/],
  [
    { id: "org/old", files: { "pytorch_model.bin": bytesOf(10) } },
    {},
    "HUB_FILE_NOT_FOUND",
    /not pytorch_model\.bin/,
  ],
  [
    { id: "org/part", files: { "a-00001-of-00002.gguf": bytesOf(10) } },
    {},
    "HUB_FILE_NOT_FOUND",
    /a-00002-of-00002/,
  ],
  [{ id: "org/bare", files: { "model.safetensors": bytesOf(10) } }, {}, "HUB_FILE_NOT_FOUND", /config\.json/],
  [
    { id: "org/index", files: { "config.json": text("{}"), "model.safetensors.index.json": text("[]") } },
    {},
    "HUB_RESPONSE_INVALID",
    /not an index/,
  ],
  [
    {
      id: "org/shard",
      files: {
        "config.json": text("{}"),
        "model.safetensors.index.json": text('{"weight_map": {"a": "gone.safetensors"}}'),
      },
    },
    {},
    "HUB_FILE_NOT_FOUND",
    /gone\.safetensors/,
  ],
  [sharded, { connections: 0 }, "HUB_OPTION_INVALID", /"connections".*1 or more, not 0/],
  [
    sharded,
    { endpoint: "https://me:secret@hub.example" },
    "HUB_OPTION_INVALID",
    /^(?!.*secret).*HF_ENDPOINT/,
  ],
  [sharded, { token: "hf secret" }, "HUB_OPTION_INVALID", /^(?!.*secret).*HF_TOKEN/],
])("%o with %o is refused as %s", async ([repository, options, code, says]) => {
  await using hub = await serveHub([repository]);
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel(repository.id, cache.options(hub, options)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(says);
});

test("what does not fit on the disk is refused before its first byte, with how much is missing", async () => {
  const model = large(100_000);
  await using hub = await serveHub([model]);
  await using cache = await temporaryCache();
  const storage = { ...diskStorage(cache.folder), freeBytes: async () => 40_000 };
  const error = await hubErrorOf(pullModel("org/large", cache.options(hub, { storage })));
  expect(error).toMatchObject({ code: "HUB_DISK_FULL", expected: 100_000, actual: 40_000 });
  expect(error.message).toContain("60.0 kB are missing");
  expect(hub.contentRequests()).toEqual([]);
});

test("a cache that cannot be written says where", async () => {
  await using hub = await serveHub([sharded]);
  const error = await hubErrorOf(
    pullModel("org/sharded", { endpoint: hub.endpoint, cacheFolder: join("/dev/null", "cache") }),
  );
  expect(error.code).toBe("HUB_CACHE_FAILED");
  expect(error.message).toContain("/dev/null");
});

test("options that are left out come from the environment", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  vi.stubEnv("HF_ENDPOINT", `${hub.endpoint}/`);
  vi.stubEnv("HF_TOKEN", "hf_from_environment");
  vi.stubEnv("KRAIT_CACHE", cache.folder);
  const { path } = await pullModel("org/sharded", { weights: false });
  expect(path.startsWith(cache.folder)).toBe(true);
  expect(hub.requests[0]!.authorization).toBe("Bearer hf_from_environment");
  const before = hub.requests.length;
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  expect((await hubErrorOf(pullModel("org/other"))).code).toBe("HUB_OFFLINE");
  expect(hub.requests).toHaveLength(before);
});
