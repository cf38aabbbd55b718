import type { Script } from "./scripted-model.ts";

/** A next token that depends on every token before it and on their order. */
export const hashing: Script = (tokens) => {
  let hash = 7;
  for (const token of tokens) hash = Math.imul(hash ^ token, 0x01000193) ^ (hash >>> 15);
  return 100 + ((hash >>> 0) % 1500);
};

/** What a sequence that a script continues must come to, worked out without any engine. */
export function continuation(script: Script, prompt: readonly number[], count: number): number[] {
  const tokens = [...prompt];
  for (let i = 0; i < count; i++) tokens.push(script(tokens));
  return tokens.slice(prompt.length);
}

/** A prompt of its own for each seed. */
export function promptOf(seed: number, length: number): number[] {
  return Array.from({ length }, (_, index) => 16 + ((seed * 7919 + index * 104729) % 1800));
}
