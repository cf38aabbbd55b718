import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countingTensor, safetensors, temporaryFolder } from "../test-support/files.ts";
import { serveFiles } from "../test-support/range-server.ts";
import { type ModelFolder, openModelFolder } from "./index.ts";

const files = {
  "config.json": new TextEncoder().encode('{"time_step_limit": [0.0, Infinity]}'),
  "chat_template.jinja": new TextEncoder().encode("\ufeff{{ été }}"),
  "tokenizer.json": new TextEncoder().encode("{"),
  "latin1.txt": new Uint8Array([0x65, 0xe9]),
  "model.safetensors": await safetensors([countingTensor("a", [2])]),
};

async function expectModel(folder: ModelFolder): Promise<void> {
  expect(await folder.json("config.json")).toEqual({ time_step_limit: [0, Number.POSITIVE_INFINITY] });
  expect(await folder.text("chat_template.jinja")).toBe("{{ été }}");
  expect(await folder.text("generation_config.json")).toBeUndefined();
  expect(await folder.json("generation_config.json")).toBeUndefined();
  expect([...(await folder.weights()).tensors.keys()]).toEqual(["a"]);

  const missing = { code: "WEIGHT_FILE_MISSING", file: expect.stringContaining("params.json") };
  await expect(folder.text("params.json", { required: true })).rejects.toMatchObject(missing);
  await expect(folder.json("params.json", { required: true })).rejects.toMatchObject(missing);
  const invalid = { code: "WEIGHT_FILE_INVALID", file: expect.stringContaining("tokenizer.json") };
  await expect(folder.json("tokenizer.json")).rejects.toMatchObject(invalid);
  await expect(folder.text("latin1.txt")).rejects.toMatchObject({ code: "WEIGHT_FILE_INVALID" });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(folder.text("config.json", { signal })).rejects.toThrow("enough");
  await expect(folder.weights(signal)).rejects.toThrow("enough");
}

test("a folder on disk is a model", async () => {
  await using folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder.path, name), bytes);
  await expectModel(await openModelFolder(folder.path));
  await expectModel(await openModelFolder(join(folder.path, "model.safetensors")));
  const error = { message: expect.stringContaining(folder.path) };
  await expect(
    (await openModelFolder(folder.path)).text("no.json", { required: true }),
  ).rejects.toMatchObject(error);
});

test("a folder on a server is a model", async () => {
  await using server = await serveFiles(files);
  await expectModel(await openModelFolder(server.url));
  await expectModel(await openModelFolder(new URL("model.safetensors", server.url)));
});

test("blobs by name are a model", async () => {
  const blobs = Object.entries(files).map(([name, bytes]) => [name, new Blob([bytes])] as const);
  await expectModel(await openModelFolder(new Map(blobs)));
});

test("requests go through the given fetch", async () => {
  await using server = await serveFiles(files);
  const asked: string[] = [];
  const folder = await openModelFolder("https://models.example/tiny/", {
    fetch: (input, init) => {
      asked.push(String(input));
      return fetch(new URL(new URL(String(input)).pathname.replace("/tiny", ""), server.url), init);
    },
  });
  await expectModel(folder);
  expect(asked.every((url) => url.startsWith("https://models.example/tiny/"))).toBe(true);
});

test("a text file too large to be honest is refused before it is held", async () => {
  await using server = await serveFiles({}, (_, response) => {
    response.writeHead(200, { "content-length": 100_000_001 }).write("x");
    return true;
  });
  const folder = await openModelFolder(server.url);
  await expect(folder.text("tokenizer.json")).rejects.toMatchObject({
    code: "WEIGHT_TOO_LARGE",
    expected: 100_000_000,
    actual: 100_000_001,
  });
});
