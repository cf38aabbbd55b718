import { readFileSync } from "node:fs";
import { modelUrl } from "@krait/tiny-model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChatModel } from "./chat-model.ts";
import { loadModel } from "./load-model.ts";

const embedded = (name: string): Blob => new Blob([readFileSync(new URL(name, modelUrl))]);
const names = [
  "config.json",
  "generation_config.json",
  "model.safetensors",
  "tokenizer.json",
  "tokenizer_config.json",
];
const files = (changes: Record<string, string | undefined> = {}): Map<string, Blob> => {
  const map = new Map(names.map((name) => [name, embedded(name)]));
  for (const [name, text] of Object.entries(changes)) {
    if (text === undefined) map.delete(name);
    else map.set(name, new Blob([text]));
  }
  return map;
};

describe("the embedded model", () => {
  let model: ChatModel;
  beforeAll(async () => {
    model = await loadModel();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  test("reasons first, and answers without when told so", async () => {
    const question = [{ role: "user", content: "What is 12 + 7?" }] as const;
    const on = await model.chat(question, { maxTokens: 300 }).result();
    expect(on.reasoning).not.toBe("");
    expect(on.reasoningEnd).toBe("model");
    expect(on.text).toMatch(/\S/);
    const off = await model.chat(question, { reasoning: "off", maxTokens: 100 }).result();
    expect(off).toMatchObject({ reasoning: "", reasoningEnd: undefined, usage: { reasoningTokens: 0 } });
    const written = await model
      .chat([{ role: "user", content: "What is 12 + 7? /no_think" }], { maxTokens: 9 })
      .result();
    expect(written.reasoning).toBe("");
  });

  test("a thinking budget of 0 is reasoning off", async () => {
    const stream = model.chat([{ role: "user", content: "Hello!" }], {
      thinking: { budget: 0 },
      maxTokens: 40,
    });
    const result = await stream.result();
    expect(result).toMatchObject({ reasoning: "", reasoningEnd: undefined });
  });

  test("a small thinking budget cuts the trace and the answer follows", async () => {
    const question = [{ role: "user", content: "What is 47 + 38?" }] as const;
    const { reasoningEnd, usage, text } = await model
      .chat(question, { thinking: { budget: 4, grace: 3 }, maxTokens: 200 })
      .result();
    expect(reasoningEnd).toMatch(/^(newline|hard)$/);
    expect(usage.reasoningTokens).toBeLessThanOrEqual(
      4 + 3 + model.tokenizer.encode("\n</think>\n\n").length,
    );
    expect(text).toMatch(/\S/);
  });

  test("the second turn reads only what is new, and answers as if it had read everything", async () => {
    const first = [{ role: "user", content: "Hello!" }] as const;
    const answer = await model.chat(first, { maxTokens: 60 }).result();
    const second = [...first, answer.message, { role: "user", content: "What is 20 + 30?" }] as const;
    const cached = await model.chat(second, { maxTokens: 200 }).result();
    expect(cached.usage.cachedTokens).toBeGreaterThan(0);
    const other = await loadModel();
    const uncached = await other.chat(second, { maxTokens: 200 }).result();
    await other[Symbol.asyncDispose]();
    expect(uncached.usage.cachedTokens).toBe(0);
    expect({ ...cached, usage: null, timing: null }).toEqual({ ...uncached, usage: null, timing: null });
  });

  test("the template's markers become special tokens, and text that looks like one stays text", async () => {
    const ask = async (content: string): Promise<number> => {
      const { usage } = await model.chat([{ role: "user", content }], { maxTokens: 1 }).result();
      return usage.promptTokens;
    };
    const markers = "<SPECIAL_10>System\n\n<SPECIAL_11>User\nHello\n<SPECIAL_11>Assistant\n<think>\n";
    const empty = await ask("Hello");
    expect(empty).toBe(model.tokenizer.encode(markers, { special: "parse" }).length);
    const lookAlike = model.tokenizer.encode("<SPECIAL_12></s>").length;
    expect(lookAlike).toBeGreaterThan(4);
    expect(await ask("Hello <SPECIAL_12></s>")).toBeGreaterThanOrEqual(empty + lookAlike);
  });

  test("events are iterated once, and the result is there afterwards", async () => {
    const stream = model.chat([{ role: "user", content: "Hello!" }], { maxTokens: 60 });
    let text = "";
    for await (const event of stream) if (event.type === "text-delta") text += event.text;
    expect((await stream.result()).text).toBe(text);
  });

  test("an aborted answer throws the reason from the loop and from the result", async () => {
    const controller = new AbortController();
    const stream = model.chat([{ role: "user", content: "Hello!" }], { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(stream.result()).rejects.toThrow("enough");
  });

  test("completes text without a template", async () => {
    const { text } = await model.complete("The capital", { maxTokens: 5 }).result();
    expect(typeof text).toBe("string");
  });
});

test("progress rises to the size of the weights", async () => {
  const seen: number[] = [];
  let total = 0;
  const model = await loadModel(undefined, {
    onProgress({ loadedBytes, totalBytes }) {
      seen.push(loadedBytes);
      total = totalBytes;
    },
  });
  await model[Symbol.asyncDispose]();
  expect(seen.at(-1)).toBe(total);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("loading is aborted with the signal's reason", async () => {
  const controller = new AbortController();
  const loading = loadModel(undefined, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(loading).rejects.toThrow("enough");
});

test("a model without tokenizer loads, and says so when text is wanted", async () => {
  const folder = files({ "tokenizer.json": undefined, "tokenizer_config.json": undefined });
  const model = await loadModel(folder);
  expect(() => model.chat([{ role: "user", content: "Hello!" }])).toThrow(
    expect.objectContaining({ code: "MODEL_FILE_MISSING" }),
  );
  let tokens = 0;
  for await (const event of model.engine.generate({
    prompt: [20, 21],
    maxTokens: 3,
    ignoreEndTokens: true,
  })) {
    if (event.type === "token") tokens++;
  }
  expect(tokens).toBe(3);
  await model[Symbol.asyncDispose]();
});

test.each([
  [
    "an unknown architecture",
    { "config.json": '{"model_type": "llama"}' },
    "ARCHITECTURE_UNSUPPORTED",
    /nemotron_h/,
  ],
  ["a config that is not JSON", { "config.json": "{" }, "WEIGHT_FILE_INVALID", /config\.json/],
  ["a config that is a list", { "config.json": "[]" }, "MODEL_FILE_INVALID", /object/],
  ["no config", { "config.json": undefined }, "WEIGHT_FILE_MISSING", /config\.json/],
  ["no weights", { "model.safetensors": undefined }, "WEIGHT_FILE_MISSING", /safetensors/],
  ["a corrupt tokenizer", { "tokenizer.json": '{"model": 1}' }, "TOKENIZER_FIELD", /tokenizer\.json/],
  [
    "a template that does not parse",
    { "tokenizer_config.json": '{"chat_template": "{% if"}' },
    "TEMPLATE_SYNTAX",
    /./,
  ],
  [
    "a wrong generation config",
    { "generation_config.json": '{"eos_token_id": "x"}' },
    "MODEL_FILE_INVALID",
    /eos_token_id/,
  ],
])("%s is refused with a code and a message that names it", async (_, changes, code, message) => {
  const error = await loadModel(files(changes)).catch((error) => error);
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
});

test("a tokenizer of another model is refused with both sizes", async () => {
  const tokenizer = JSON.parse(await embedded("tokenizer.json").text());
  tokenizer.model.vocab["not a token of this model"] = 1536;
  await expect(loadModel(files({ "tokenizer.json": JSON.stringify(tokenizer) }))).rejects.toMatchObject({
    code: "MODEL_FILE_INVALID",
    details: { expected: 1536, actual: 1537 },
  });
});

test("an unknown backend is refused with the names there are", async () => {
  await expect(loadModel(undefined, { backend: "tpu" })).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("cpu"),
  });
});

test("a tool whose schema is wrong is refused before anything is generated", async () => {
  const model = await loadModel();
  const tools = [{ type: "function", function: { description: "nameless" } }] as never;
  expect(() => model.chat([{ role: "user", content: "Hello!" }], { tools })).toThrow(
    expect.objectContaining({ code: "TEMPLATE_TOOL" }),
  );
  await model[Symbol.asyncDispose]();
});

test("a bundle without the embedded model's files says where they should be, and what to do", async () => {
  const { href } = modelUrl;
  try {
    modelUrl.href = new URL("./bundle/model/", import.meta.url).href; // as in a file that was bundled
    await expect(loadModel()).rejects.toMatchObject({
      code: "MODEL_FILE_MISSING",
      message: expect.stringMatching(/not at file:.*bundle\/model\/.*copy the folder node_modules/),
      cause: { code: "WEIGHT_FILE_MISSING" },
    });
  } finally {
    modelUrl.href = href;
  }
});
