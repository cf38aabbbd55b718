import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelUrl } from "@krait/tiny-model";
import {
  encodeGguf,
  type GgufTensorToWrite,
  type GgufType,
  type GgufValue,
  openModelFolder,
  openWeights,
} from "@krait/weights";
import { afterAll, describe, expect, test } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { type ConvertModelOptions, convertModel } from "./convert/convert-model.ts";
import { demoTools } from "./demo-tools.ts";
import { loadModel } from "./load-model.ts";
import { openTextFiles } from "./text-files.ts";

const folder = await openModelFolder(modelUrl);
const directory = await mkdtemp(join(tmpdir(), "krait-gguf-"));
afterAll(() => rm(directory, { recursive: true }));

/** The embedded model as a GGUF file, with some keys changed or, where undefined, missing. */
async function gguf(
  changes: Readonly<Record<string, readonly [GgufType, GgufValue] | undefined>> = {},
  options: ConvertModelOptions = {},
): Promise<File> {
  const path = join(directory, `${Object.values(options).join("-")}.gguf`);
  await convertModel(modelUrl, path, { ...options, replace: true });
  await using file = await openWeights(path);
  const keys = new Map(file.keys.map((key) => [key[0], key]));
  for (const [key, change] of Object.entries(changes)) {
    if (change === undefined) keys.delete(key);
    else keys.set(key, [key, ...change]);
  }
  const tensors: GgufTensorToWrite[] = [];
  for (const [name, { spec }] of file.tensors) tensors.push({ name, ...spec!, data: await file.bytes(name) });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of encodeGguf(tensors, keys.values())) parts.push(new Uint8Array(piece));
  return new File(parts, "tiny.gguf");
}

async function conversations(model: ChatModel): Promise<unknown[]> {
  const ask = async (content: string, options: Parameters<ChatModel["chat"]>[1] = {}) => {
    const settings = { sampling: { temperature: 0 }, maxTokens: 200, ...options };
    const { timing, ...result } = await model.chat([{ role: "user", content }], settings).result();
    return JSON.parse(JSON.stringify(result).replaceAll(/"call_[0-9a-f]+"/g, '"call"'));
  };
  return [
    await ask("What is 47 + 38?"),
    await ask("Hello! Who are you?", { reasoning: "off" }),
    await ask("Why is the sky blue? 🙂 été", { reasoning: "off", maxTokens: 40 }),
    await ask("What is 12 * 7?", { tools: demoTools().map(({ execute, ...tool }) => tool) }),
  ];
}

test("the embedded model holds the same conversations from GGUF as from safetensors", async () => {
  await using fromSafetensors = await loadModel();
  await using fromGguf = await loadModel(await gguf());
  expect(await conversations(fromGguf)).toEqual(await conversations(fromSafetensors));
});

test("a GGUF file on disk needs nothing beside it, and its blocks are decoded while it loads", async () => {
  const path = join(directory, "tiny-q8_0.gguf");
  await convertModel(undefined, path, { quantize: "q8_0", name: "Krait tiny" });
  await using model = await loadModel(path);
  expect(model.name).toBe("Krait tiny");
  const { text, reasoningEnd } = await model
    .chat([{ role: "user", content: "What is 47 + 38?" }], { sampling: { temperature: 0 }, maxTokens: 200 })
    .result();
  expect({ text, reasoningEnd }).toMatchObject({
    text: expect.stringContaining("85"),
    reasoningEnd: "model",
  });
});

test("sampling is as the file says", async () => {
  const sampling = {
    "general.sampling.temp": ["f32", 0.6],
    "general.sampling.top_p": ["f32", 0.95],
    "general.sampling.top_k": ["i32", 20],
  } as const;
  await using model = await loadModel(await gguf(sampling));
  expect(model.defaults).toEqual({ temperature: 0.6, topP: 0.95, topK: 20 });
  await expect(loadModel(await gguf({ "general.sampling.temp": ["string", "hot"] }))).rejects.toMatchObject({
    code: "MODEL_FILE_INVALID",
    message: expect.stringContaining("GGUF"),
  });
});

test("a GGUF file without a tokenizer loads, and says so when text is wanted", async () => {
  await using model = await loadModel(await gguf({ "tokenizer.ggml.model": ["string", "none"] }));
  expect(() => model.chat([{ role: "user", content: "Hello!" }])).toThrow(
    expect.objectContaining({ code: "MODEL_FILE_MISSING" }),
  );
});

describe("what is refused", () => {
  test.each<[string, GgufType, GgufValue, string]>([
    ["tokenizer.chat_template", "u32", 7, "MODEL_FILE_INVALID"],
    ["tokenizer.chat_template", "string", "{% if", "TEMPLATE_SYNTAX"],
    ["tokenizer.ggml.pre", "string", "llama-bpe", "TOKENIZER_UNSUPPORTED"],
    ["tokenizer.ggml.eos_token_id", "f32", 0.5, "CONFIG_INVALID"],
    ["tokenizer.ggml.eos_token_id", "u32", 1536, "TOKENIZER_FIELD"],
  ])("a %s that is %s %j", async (key, type, value, code) => {
    await expect(loadModel(await gguf({ [key]: [type, value] }))).rejects.toMatchObject({ code });
  });

  test("a mixture of experts, by its name and as not yet supported", async () => {
    const file = await gguf({ "general.architecture": ["string", "nemotron_h_moe"] });
    await expect(loadModel(file)).rejects.toMatchObject({
      code: "ARCHITECTURE_UNSUPPORTED",
      message: expect.stringContaining("not supported yet"),
    });
  });
});

test("the text side of a GGUF file is its own, whatever lies beside it", async () => {
  const file = await gguf();
  const beside = new Map([
    ["tiny.gguf", file],
    ["tokenizer.json", new Blob(["{}"])],
  ]);
  const { tokenizer, template } = await openTextFiles(await openModelFolder(beside));
  const { tokenizer: expected } = await openTextFiles(folder);
  expect(tokenizer?.encode("Hello, world 12!")).toEqual(expected?.encode("Hello, world 12!"));
  expect(template?.render([{ role: "user", content: "Hi" }]).pieces[0]).toEqual({ special: "<SPECIAL_10>" });
});

test("a damaged GGUF file says so when its text is asked for", async () => {
  const damaged = new File([(await gguf()).slice(0, 5000)], "tiny.gguf");
  await expect(openTextFiles(await openModelFolder(damaged))).rejects.toMatchObject({
    code: expect.stringMatching(/^WEIGHT_/),
  });
});
