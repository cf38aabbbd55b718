import type { TestRepository } from "./hub-server.ts";

export const PIECE = 4096;

/** Bytes that differ from piece to piece. */
export function bytesOf(byteLength: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: byteLength }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** A model in the Hugging Face layout, with shards and with much that nobody needs. */
export const sharded: TestRepository = {
  id: "org/sharded",
  files: {
    "README.md": text("# A model"),
    "config.json": text('{"model_type": "nemotron_h"}'),
    "tokenizer.json": text("{}"),
    "chat_template.jinja": text("{{ messages }}"),
    "model-00001-of-00002.safetensors": bytesOf(50_000, 2),
    "model-00002-of-00002.safetensors": bytesOf(30_000, 3),
    "model.safetensors.index.json": text(
      JSON.stringify({
        weight_map: {
          a: "model-00001-of-00002.safetensors",
          b: "model-00002-of-00002.safetensors",
          c: "model-00001-of-00002.safetensors",
        },
      }),
    ),
    "pytorch_model.bin": bytesOf(1000),
    "original/consolidated.safetensors": bytesOf(2000),
  },
};

export const quantized: TestRepository = {
  id: "org/quantized",
  files: {
    "README.md": text("# Quantized"),
    "nano-Q4_0.gguf": bytesOf(20_000, 4),
    "nano-Q8_0.gguf": bytesOf(40_000, 5),
    "Q5_0/nano-Q5_0-00001-of-00002.gguf": bytesOf(9000, 6),
    "Q5_0/nano-Q5_0-00002-of-00002.gguf": bytesOf(7000, 7),
  },
};

/** One large file. */
export function large(byteLength: number): TestRepository {
  return { id: "org/large", files: { "model.gguf": bytesOf(byteLength) } };
}
