import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelUrl } from "@krait/tiny-model";
import { openWeights } from "@krait/weights";
import { afterAll, expect, test } from "vitest";
import { loadModel } from "../load-model.ts";
import { type ConvertProgress, convertModel } from "./convert-model.ts";

const directory = await mkdtemp(join(tmpdir(), "krait-convert-"));
afterAll(() => rm(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

async function answer(location: string | URL, quantize?: "q4_0" | "q8_0"): Promise<unknown> {
  await using model = await loadModel(location, { backend: "cpu", quantize });
  const messages = [{ role: "user" as const, content: "What is 47 + 38?" }];
  const { text, reasoning, reasoningEnd } = await model
    .chat(messages, { sampling: { temperature: 0 }, maxTokens: 120 })
    .result();
  return { text, reasoning, reasoningEnd };
}

test("safetensors to GGUF and back is the same model", async () => {
  await convertModel(modelUrl, at("tiny.gguf"));
  await convertModel(at("tiny.gguf"), at("back"));
  expect((await readdir(at("back"))).sort()).toEqual([
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const expected = await answer(modelUrl);
  expect(await answer(at("tiny.gguf"))).toEqual(expected);
  expect(await answer(at("back"))).toEqual(expected);
  const [before, after] = [await openWeights(modelUrl), await openWeights(at("back"))];
  expect(new Set(after.tensors.keys())).toEqual(new Set(before.tensors.keys()));
});

test("what is quantized while it is written is what is quantized while it loads", async () => {
  const written: string[] = [];
  const loaded: string[] = [];
  const row = ({ format, relativeError }: { format: string; relativeError: number }) =>
    `${format} ${relativeError.toFixed(6)}`;
  await convertModel(modelUrl, at("tiny-q4_0.gguf"), {
    quantize: "q4_0",
    onQuantized: (tensor) => written.push(row(tensor)),
  });
  await using model = await loadModel(modelUrl, {
    backend: "cpu",
    quantize: "q4_0",
    onQuantized: (tensor) => loaded.push(row(tensor)),
  });
  expect(written.length).toBeGreaterThan(10);
  expect(loaded).toEqual(written);
  expect(model.defaults).toEqual({ temperature: 0 });
  expect(await answer(modelUrl, "q4_0")).toEqual(await answer(at("tiny-q4_0.gguf")));
  const { metadata } = await openWeights(at("tiny-q4_0.gguf"));
  expect(metadata).toMatchObject({ "general.file_type": 2, "general.quantization_version": 2 });
});

test("a GGUF file keeps its keys in another format, but for those that describe the format", async () => {
  await convertModel(modelUrl, at("named.gguf"), { name: "Nano" });
  await convertModel(at("named.gguf"), at("named-q8_0.gguf"), { quantize: "q8_0" });
  const [before, after] = [await openWeights(at("named.gguf")), await openWeights(at("named-q8_0.gguf"))];
  const model = (keys: typeof before.keys) => keys.filter(([key]) => !/file_type|quantization/.test(key));
  expect(model(after.keys)).toEqual(model(before.keys));
  expect(before.metadata).toMatchObject({ "general.name": "Nano", "general.file_type": 32 });
  expect(after.metadata["general.file_type"]).toBe(7);
});

test("progress never falls and ends at the whole", async () => {
  const progress: ConvertProgress[] = [];
  await convertModel(modelUrl, at("progress.gguf"), { onProgress: (step) => progress.push(step) });
  const written = progress.map(({ writtenBytes }) => writtenBytes);
  expect(written).toEqual([...written].sort((a, b) => a - b));
  expect(progress.at(-1)!.writtenBytes).toBe(progress.at(-1)!.totalBytes);
});

test("a target that is there is replaced only where that is wanted", async () => {
  await writeFile(at("mine.gguf"), "mine");
  await mkdir(at("mine"));
  await writeFile(at("mine/diary.txt"), "mine");
  for (const target of [at("mine.gguf"), at("mine")]) {
    await expect(convertModel(modelUrl, target)).rejects.toMatchObject({ code: "WEIGHT_TARGET_EXISTS" });
  }
  await convertModel(modelUrl, at("mine.gguf"), { replace: true });
  expect((await openWeights(at("mine.gguf"))).tensors.size).toBeGreaterThan(10);
  // A folder with anything else in it is never deleted.
  await expect(convertModel(modelUrl, at("mine"), { replace: true })).rejects.toMatchObject({
    code: "WEIGHT_TARGET_EXISTS",
    message: expect.stringContaining("diary.txt"),
  });
  expect(await readFile(at("mine/diary.txt"), "utf8")).toBe("mine");
});

test("an abort in the middle leaves nothing behind", async () => {
  const before = await readdir(directory);
  for (const target of [at("aborted.gguf"), at("aborted")]) {
    const controller = new AbortController();
    const reason = new Error("enough");
    const options = { signal: controller.signal, onProgress: () => controller.abort(reason) };
    await expect(convertModel(modelUrl, target, options)).rejects.toBe(reason);
  }
  expect(await readdir(directory)).toEqual(before);
});

test.each([
  ["model.safetensors", "f16", "OPTION_INVALID"],
  ["folder", "q4_0", "QUANTIZE_LAYOUT"],
  ["m.gguf", "q9", "QUANTIZE_FORMAT_UNKNOWN"],
])("to %s in %s is refused", async (target, quantize, code) => {
  await expect(convertModel(modelUrl, at(target), { quantize: quantize as "f16" })).rejects.toMatchObject({
    code,
  });
});
