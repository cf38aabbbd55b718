import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GgufKey, toGguf } from "@krait/testing";
import { modelUrl } from "@krait/tiny-model";
import { openModelFolder } from "@krait/weights";
import { describe, expect, test } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { demoTools } from "./demo-tools.ts";
import { loadModel } from "./load-model.ts";
import { openTextFiles } from "./text-files.ts";

const folder = await openModelFolder(modelUrl);
const config = (await folder.json("config.json")) as Record<string, unknown>;
const read = (name: string) => JSON.parse(readFileSync(new URL(name, modelUrl), "utf8"));

/** The keys that llama.cpp's converter writes for the embedded model's tokenizer and template. */
function textKeys(): GgufKey[] {
  const { model, added_tokens } = read("tokenizer.json");
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab as Record<string, number>)) tokens[id] = token;
  const control = new Set((added_tokens as { id: number }[]).map(({ id }) => id));
  return [
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", "tekken"],
    ["tokenizer.ggml.tokens", "string[]", tokens],
    ["tokenizer.ggml.token_type", "i32[]", tokens.map((_, id) => (control.has(id) ? 3 : 1))],
    ["tokenizer.ggml.merges", "string[]", model.merges.map((pair: string[]) => pair.join(" "))],
    ["tokenizer.ggml.bos_token_id", "u32", 1],
    ["tokenizer.ggml.eos_token_id", "u32", 12],
    ["tokenizer.chat_template", "string", read("tokenizer_config.json").chat_template],
  ];
}

/** The embedded model as a GGUF file. */
async function gguf(options: Parameters<typeof toGguf>[2] = {}): Promise<File> {
  return new File([await toGguf(config, await folder.weights(), options)], "tiny.gguf");
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
  await using fromGguf = await loadModel(await gguf({ keys: textKeys() }));
  expect(await conversations(fromGguf)).toEqual(await conversations(fromSafetensors));
});

test("a GGUF file on disk needs nothing beside it, and its blocks are decoded while it loads", async () => {
  const directory = await mkdtemp(join(tmpdir(), "krait-gguf-"));
  try {
    const path = join(directory, "tiny-q8_0.gguf");
    const file = await gguf({ matrices: "Q8_0", keys: textKeys() });
    await writeFile(path, new Uint8Array(await file.arrayBuffer()));
    await using model = await loadModel(path);
    const { text, reasoningEnd } = await model
      .chat([{ role: "user", content: "What is 47 + 38?" }], { sampling: { temperature: 0 }, maxTokens: 200 })
      .result();
    expect({ text, reasoningEnd }).toMatchObject({
      text: expect.stringContaining("85"),
      reasoningEnd: "model",
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a GGUF file without a tokenizer loads, and says so when text is wanted", async () => {
  await using model = await loadModel(await gguf());
  expect(() => model.chat([{ role: "user", content: "Hello!" }])).toThrow(
    expect.objectContaining({ code: "MODEL_FILE_MISSING" }),
  );
});

describe("what is refused", () => {
  const changed = async (key: string, type: GgufKey[1], value: unknown): Promise<File> =>
    await gguf({ keys: [...textKeys().filter(([name]) => name !== key), [key, type, value]] });

  test.each<[string, GgufKey[1], unknown, string]>([
    ["tokenizer.chat_template", "u32", 7, "MODEL_FILE_INVALID"],
    ["tokenizer.chat_template", "string", "{% if", "TEMPLATE_SYNTAX"],
    ["tokenizer.ggml.pre", "string", "llama-bpe", "TOKENIZER_UNSUPPORTED"],
    ["tokenizer.ggml.eos_token_id", "f32", 0.5, "CONFIG_INVALID"],
    ["tokenizer.ggml.eos_token_id", "u32", 1536, "TOKENIZER_FIELD"],
  ])("a %s that is %s %j", async (key, type, value, code) => {
    await expect(loadModel(await changed(key, type, value))).rejects.toMatchObject({ code });
  });

  test("a mixture of experts, by its name and as not yet supported", async () => {
    const bytes = new Uint8Array(await (await gguf()).arrayBuffer());
    // The architecture is the first value: a key of 20 characters, its type, and a text of 10.
    const at = 24 + 8 + "general.architecture".length + 4;
    const name = new TextEncoder().encode("nemotron_h_moe");
    const moe = new Uint8Array(bytes.byteLength + 4);
    moe.set(bytes.subarray(0, at));
    moe[at] = name.byteLength;
    moe.set(name, at + 8);
    moe.set(bytes.subarray(at + 8 + 10), at + 8 + name.byteLength);
    await expect(loadModel(new File([moe], "moe.gguf"))).rejects.toMatchObject({
      code: "ARCHITECTURE_UNSUPPORTED",
      message: expect.stringContaining("not supported yet"),
    });
  });
});

test("the text side of a GGUF file is its own, whatever lies beside it", async () => {
  const file = await gguf({ keys: textKeys() });
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
  const damaged = new File([(await gguf({ keys: textKeys() })).slice(0, 5000)], "tiny.gguf");
  await expect(openTextFiles(await openModelFolder(damaged))).rejects.toMatchObject({
    code: expect.stringMatching(/^WEIGHT_/),
  });
});
