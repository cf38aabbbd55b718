import type { TokenRecord } from "../conversation/turn.ts";

/** A token's text with its spaces and line ends made visible. */
export function visibleText(text: string): string {
  if (text === "") return "∅";
  return text.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

/** How likely a token was, from 0 (below 10 %) to 4 (90 % and more); "forced" where nobody drew it. */
export function probabilityBand({ logprob }: Pick<TokenRecord, "logprob">): 0 | 1 | 2 | 3 | 4 | "forced" {
  if (logprob === undefined) return "forced";
  const bounds = [0.1, 0.3, 0.6, 0.9];
  return bounds.filter((bound) => Math.exp(logprob) >= bound).length as 0 | 1 | 2 | 3 | 4;
}
