import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countingTensor, safetensors, temporaryFolder } from "../../test-support/files.ts";
import { type TensorToWrite, writeSafetensorsFile } from "../index.ts";

const tensors = [countingTensor("a", [3, 5]), countingTensor("b", [2])];

test("the file holds what the encoder gives, and nothing else is left in the folder", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logits.safetensors");
  await writeSafetensorsFile(path, tensors, { metadata: { format: "pt" } });
  expect(new Uint8Array(await readFile(path))).toEqual(await safetensors(tensors, { format: "pt" }));
  expect(await readdir(folder.path)).toEqual(["logits.safetensors"]);
});

test("a file that is there is replaced only by a complete one", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "x.safetensors");
  await writeFile(path, "before");
  const during: (string | number)[] = [];
  async function* data(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(4);
    during.push(await readFile(path, "utf8"), (await readdir(folder.path)).length);
    yield new Uint8Array(4);
  }
  await writeSafetensorsFile(path, [{ name: "s", dtype: "U8", shape: [8], data: data() }]);
  expect(during).toEqual(["before", 2]);
  expect((await readFile(path)).byteLength).toBeGreaterThan(8);
  expect(await readdir(folder.path)).toEqual(["x.safetensors"]);
});

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(4);
  throw error;
}

test("a failure in the middle leaves the folder as it was", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "x.safetensors");
  await writeFile(path, "before");
  const broken = new Error("the model stopped");
  const tensor = (data: TensorToWrite["data"]): TensorToWrite => ({
    name: "s",
    dtype: "U8",
    shape: [8],
    data,
  });

  await expect(writeSafetensorsFile(path, [tensor(failing(broken))])).rejects.toBe(broken);
  await expect(writeSafetensorsFile(path, [tensor(new Uint8Array(3))])).rejects.toMatchObject({
    code: "WEIGHT_WRITE_INVALID",
  });
  const controller = new AbortController();
  async function* aborting(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(4);
    controller.abort(broken);
    yield new Uint8Array(4);
  }
  const { signal } = controller;
  await expect(writeSafetensorsFile(path, [tensor(aborting())], { signal })).rejects.toBe(broken);
  expect(await readdir(folder.path)).toEqual(["x.safetensors"]);
  expect(await readFile(path, "utf8")).toBe("before");
});

test("a folder that does not exist is a write failure", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "nowhere", "x.safetensors");
  await expect(writeSafetensorsFile(path, tensors)).rejects.toMatchObject({
    code: "WEIGHT_WRITE_FAILED",
    file: path,
  });
});
