import type { GgufKey } from "@krait/weights";

const NORMAL = 1;
const CONTROL = 3;
const UNUSED = 5;

const specials = ["<unk>", "<s>", "</s>", "<SPECIAL_3>", "<SPECIAL_4>"];
const merges = ["t h", "h e", "i n", "e r", "a n", "Ġ t", "Ġ a"];

/**
 * A byte-level vocabulary in the keys of a GGUF file, as small as engines accept: byte b is token 5 + b, a
 * few pairs follow, and the rest is padding.
 */
export function vocabularyKeys(size: number): GgufKey[] {
  const tokens = [...specials, ...byteCharacters(), ...merges.map((pair) => pair.replace(" ", ""))];
  const types: number[] = tokens.map((_, id) => (id < specials.length ? CONTROL : NORMAL));
  for (let id = tokens.length; id < size; id++) {
    tokens.push(`[PAD${id}]`);
    types.push(UNUSED);
  }
  return [
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", "tekken"],
    ["tokenizer.ggml.tokens", "string[]", tokens],
    ["tokenizer.ggml.token_type", "i32[]", Int32Array.from(types)],
    ["tokenizer.ggml.merges", "string[]", merges],
    ["tokenizer.ggml.bos_token_id", "u32", 1],
    ["tokenizer.ggml.eos_token_id", "u32", 2],
    ["tokenizer.ggml.unknown_token_id", "u32", 0],
    ["tokenizer.ggml.add_bos_token", "bool", false],
  ];
}

/** GPT-2's character for each byte: the byte's own where it can be printed, else the next beyond 255. */
function byteCharacters(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}
