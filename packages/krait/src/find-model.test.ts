import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modelUrl } from "@krait/tiny-model";
import { expect, test } from "vitest";
import { type HubServer, serveHub } from "../../hub/test-support/hub-server.ts";
import { bytesOf } from "../../hub/test-support/repositories.ts";
import { temporaryCache } from "../../hub/test-support/temporary-cache.ts";
import { convertModel } from "./convert/convert-model.ts";
import { type FindModelOptions, findModel } from "./find-model.ts";
import { loadModel } from "./load-model.ts";

const tiny = {
  id: "org/tiny",
  files: Object.fromEntries(
    readdirSync(modelUrl).map((name) => [name, new Uint8Array(readFileSync(new URL(name, modelUrl)))]),
  ),
};
const quantized = { id: "org/quantized", files: { "a-Q4_0.gguf": bytesOf(10), "a-Q8_0.gguf": bytesOf(20) } };
const greedy = { sampling: { temperature: 0 }, maxTokens: 60 };
const hubOptions = ({ endpoint }: HubServer, cacheFolder: string): FindModelOptions => ({
  endpoint,
  cacheFolder,
});

test("a model on the hub is downloaded, loaded and talked to, and the next time there is no need of the hub", async () => {
  await using hub = await serveHub([tiny]);
  await using cache = await temporaryCache();
  const options = hubOptions(hub, cache.folder);
  const told: number[] = [];
  const answers: string[] = [];
  for (const offline of [false, true]) {
    const before = hub.requests.length;
    await using model = await loadModel("org/tiny", {
      ...options,
      offline,
      onDownload: ({ loadedBytes, totalBytes }) => told.push(loadedBytes / totalBytes),
    });
    expect(model.name).toBe("org/tiny");
    answers.push((await model.chat([{ role: "user", content: "Hello!" }], greedy).result()).reasoning);
    expect(hub.requests.length > before).toBe(!offline);
  }
  expect(told.at(-1)).toBe(1);
  expect(answers[0]).toBe(answers[1]);
  expect(answers[0]).not.toBe("");
});

test("a model on the hub is converted like any other, and loaded as a GGUF file of a hub, too", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "tiny-Q8_0.gguf");
  {
    await using hub = await serveHub([tiny]);
    await convertModel("org/tiny", path, { ...hubOptions(hub, cache.folder), quantize: "q8_0" });
  }
  const files = { "tiny-Q8_0.gguf": new Uint8Array(readFileSync(path)), "other-Q4_0.gguf": bytesOf(10) };
  await using hub = await serveHub([{ id: "org/tiny-GGUF", files }]);
  await using model = await loadModel("org/tiny-GGUF:q8_0", hubOptions(hub, cache.folder));
  const { text } = await model.chat([{ role: "user", content: "Hello!" }], greedy).result();
  expect(text).toMatch(/tiny demo model/);
});

test("a folder that is there wins over a model of the same name", async () => {
  await using hub = await serveHub([{ ...tiny, id: "packages/krait" }]);
  await using cache = await temporaryCache();
  const folder = await findModel("packages/krait", hubOptions(hub, cache.folder));
  expect(await folder.text("package.json")).toContain('"name": "krait"');
  expect(hub.requests).toEqual([]);
});

test.for([
  [
    "org/nothing",
    "HUB_MODEL_NOT_FOUND",
    /no file or folder "org\/nothing" here, so it was looked for on the hub\. .*no model/,
  ],
  ["org/quantized", "HUB_FILE_AMBIGUOUS", /a-Q4_0\.gguf \(10 bytes\), a-Q8_0\.gguf \(20 bytes\)/],
  [
    "nothing",
    "WEIGHT_FILE_MISSING",
    /no file or folder "nothing", and it is not the name of a model on the hub/,
  ],
  ["./org/tiny", "WEIGHT_FILE_MISSING", /no file or folder "\.\/org\/tiny", and it is not the name/],
] as const)(
  "%s is found nowhere, and the error says where it was looked for: %s",
  async ([name, code, says]) => {
    await using hub = await serveHub([quantized]);
    await using cache = await temporaryCache();
    const found = findModel(name, hubOptions(hub, cache.folder));
    await expect(found).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  },
);

test("a revision of a folder is refused", async () => {
  await expect(findModel(modelUrl, { revision: "v2" })).rejects.toMatchObject({
    code: "OPTION_INVALID",
    message: expect.stringContaining('"revision" is for models on the hub'),
  });
});

test.each([{ backend: "cpu" }, 7, null])(
  "%j is no location, and the error says where options go",
  async (location) => {
    await expect(loadModel(location as unknown as string)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("loadModel(undefined, options)"),
      details: { option: "location", value: location },
    });
  },
);
