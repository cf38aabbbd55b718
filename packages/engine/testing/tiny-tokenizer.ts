import { readFileSync } from "node:fs";
import { modelUrl } from "@krait/tiny-model";
import { createTokenizer, type Tokenizer } from "@krait/tokenizer";

/** The embedded model's tokenizer: small, byte-level, with the real model's special tokens. */
export function tinyTokenizer(): Tokenizer {
  return createTokenizer({ tokenizer: readFileSync(new URL("tokenizer.json", modelUrl), "utf8") });
}
