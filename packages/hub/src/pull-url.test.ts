import { expect, test } from "vitest";
import { serveHub } from "../test-support/hub-server.ts";
import { quantized, sharded } from "../test-support/repositories.ts";
import { hubErrorOf, temporaryCache } from "../test-support/temporary-cache.ts";
import { diskStorage } from "./disk/disk-storage.ts";
import { pullModel } from "./pull-model.ts";
import { pullUrl } from "./pull-url.ts";

test("a URL of the hub is the model that it names, which is there once, and found without the hub", async () => {
  await using cache = await temporaryCache();
  const storage = diskStorage(cache.folder);
  const hub = await serveHub([sharded, quantized]);
  const options = { endpoint: hub.endpoint, storage, retryDelay: 1, retries: 1 };
  const url = `${hub.endpoint}/org/sharded/resolve/main/`;
  expect(await pullUrl(url, options)).toMatchObject({ id: "org/sharded", revision: "main" });
  expect(await pullModel("org/sharded", options)).toMatchObject({ receivedBytes: 0 });
  const gguf = await pullUrl(`${hub.endpoint}/org/quantized/blob/main/nano-Q4_0.gguf`, options);
  expect(gguf).toMatchObject({ id: "org/quantized", files: ["nano-Q4_0.gguf"] });
  await hub[Symbol.asyncDispose]();
  expect(await pullUrl(url, options)).toMatchObject({ id: "org/sharded", receivedBytes: 0 });
});

test("what comes from a URL of the hub is held to the hub's checksum", async () => {
  await using cache = await temporaryCache();
  await using hub = await serveHub([sharded]);
  const damaging = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    if (!String(input).endsWith("00001-of-00002.safetensors")) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[0]! ^= 1;
    return new Response(bytes, response);
  };
  const error = await hubErrorOf(
    pullUrl(`${hub.endpoint}/org/sharded/resolve/main/`, {
      endpoint: hub.endpoint,
      storage: diskStorage(cache.folder),
      fetch: damaging,
    }).then((pulled) => pulled!),
  );
  expect(error).toMatchObject({
    code: "HUB_CHECKSUM_MISMATCH",
    file: "model-00001-of-00002.safetensors",
  });
});
