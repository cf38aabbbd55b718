import type { Backend } from "@krait/tensor";
import { DRAW_VOCABULARY, drawOn } from "./draws.ts";
import { Random } from "./random.ts";

const TOP_K = 3;

/** Which tokens came, and which may come when the mask is applied before top-k; the likelier first. */
export interface MaskedDraws {
  readonly drawn: readonly number[];
  readonly expected: readonly number[];
}

/** Draws by top-k where the ten likeliest tokens are masked: were top-k applied first, none would be left. */
export async function maskedDraws(backend: Backend): Promise<MaskedDraws> {
  const logits = [...new Random(4).normal(DRAW_VOCABULARY, 2)];
  const allowed = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(10);
  const draw = { logits, allowed, temperature: 2, topK: TOP_K, topP: 1, minP: 0, seed: 0n };
  const draws = Array.from({ length: 60 }, (_, position) => ({ ...draw, position }));
  const drawn = [...new Set(await drawOn(backend, draws))].sort((a, b) => logits[b]! - logits[a]!);
  return { drawn, expected: allowed.slice(0, TOP_K) };
}
