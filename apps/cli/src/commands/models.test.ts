import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelUrl } from "@krait/tiny-model";
import { expect, test } from "vitest";
import { commitA, type HubServer, serveHub } from "../../../../packages/hub/test-support/hub-server.ts";
import { quantized } from "../../../../packages/hub/test-support/repositories.ts";
import { jsonLines, krait, type Outcome } from "../../test-support/krait-process.ts";
import { temporaryFolder } from "../../test-support/model-folders.ts";

const folder = fileURLToPath(modelUrl);
const tiny = {
  id: "org/tiny",
  files: Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).map(
        async (name) => [name, new Uint8Array(await readFile(join(folder, name)))] as const,
      ),
    ),
  ),
};

/** The program with a hub on this machine, and a cache of its own. */
const user =
  ({ endpoint }: HubServer, cache: string, variables: NodeJS.ProcessEnv = {}) =>
  (...args: string[]): Promise<Outcome> =>
    krait(args, { environment: { HF_ENDPOINT: endpoint, KRAIT_CACHE: cache, HF_TOKEN: "", ...variables } });

test.concurrent("a model is pulled, talked to without the hub, listed, and removed", async () => {
  await using hub = await serveHub([tiny]);
  await using cache = await temporaryFolder();
  const run = user(hub, cache.path);
  const pulled = await run("models", "pull", "org/tiny");
  expect(pulled).toMatchObject({ exitCode: 0, stderr: "" });
  expect(pulled.stdout).toMatch(/^org\/tiny aaaaaaaa: 6\.\d MB, 6\.\d MB downloaded\n/);
  expect(pulled.stdout).toContain(join(cache.path, "models--org--tiny/snapshots", commitA));
  const before = hub.requests.length;
  const offline = user(hub, cache.path, { HF_HUB_OFFLINE: "1" });
  const question = ["run", "Hello!", "--temperature", "0", "--max-tokens", "60"];
  const [embedded, byName, listed] = await Promise.all([
    krait(question),
    offline(...question, "--model", "org/tiny"),
    run("models", "list"),
  ]);
  expect(byName).toEqual(embedded);
  expect(hub.requests).toHaveLength(before);
  expect(listed.stdout).toMatch(
    /^model +revision +size +last used\norg\/tiny +main aaaaaaaa +6\.\d MB +\d{4}-/,
  );
  expect((await run("models", "rm", "org/tiny")).stdout).toMatch(/^Removed org\/tiny: 6\.\d MB freed\.\n$/);
  expect((await run("models", "list")).stdout).toMatch(/^There are no models in /);
});

test.concurrent("results and errors are JSON lines for programs", async () => {
  await using hub = await serveHub([quantized]);
  await using cache = await temporaryFolder();
  const run = user(hub, cache.path);
  const several = await run("models", "pull", "org/quantized", "--json");
  expect(several.exitCode).toBe(1);
  expect(jsonLines(several.stderr)).toMatchObject([{ error: { code: "HUB_FILE_AMBIGUOUS" } }]);
  const one = await run("models", "pull", "org/quantized", "--file", "Q4_0", "--json");
  expect(jsonLines(one.stdout)).toMatchObject([
    { id: "org/quantized", commit: commitA, receivedBytes: 20_000, files: ["nano-Q4_0.gguf"] },
  ]);
  expect(jsonLines((await run("models", "list", "--json")).stdout)).toMatchObject([
    { folder: cache.path, models: [{ id: "org/quantized", byteLength: 20_000, isComplete: true }] },
  ]);
  const removed = await run("models", "rm", "org/quantized:Q4_0", "--json");
  expect(jsonLines(removed.stdout)).toMatchObject([{ id: "org/quantized", commits: [commitA] }]);
  const again = await run("models", "rm", "org/quantized");
  expect(again).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^krait: There is no "org\/quantized" in/),
  });
});

test.concurrent("for prompts and tokens the weights stay on the hub", async () => {
  await using hub = await serveHub([tiny]);
  await using cache = await temporaryFolder();
  const run = user(hub, cache.path);
  expect((await run("tokens", "Hello", "--model", "org/tiny")).stdout).toBe(
    (await krait(["tokens", "Hello"])).stdout,
  );
  expect((await run("inspect", "org/tiny")).stdout).toMatch(/^tiny: nemotron_h, 10 layers/);
  expect(hub.contentRequests("model.safetensors")).toEqual([]);
  const weightless = await user(hub, cache.path, { HF_HUB_OFFLINE: "1" })("run", "Hi", "--model", "org/tiny");
  expect(weightless.stderr).toMatch(/Offline, and the cache at .* lacks weights of "org\/tiny"/);
});

test.concurrent("a command line that names no model is wrong usage", async () => {
  expect((await krait(["models"])).exitCode).toBe(2);
  expect((await krait(["models", "pull"])).exitCode).toBe(2);
  expect((await krait(["models", "pull", "nonsense"])).stderr).toMatch(
    /^krait: "nonsense" is not the name of a model/,
  );
});
