import type { PromptPiece } from "./prompt-piece.ts";

/**
 * A function that cuts a text at special tokens: leftmost first, the longest where several begin at one
 * place, as in Hugging Face's `tokenizers`.
 */
export function specialTextSplitter(specialTokens: Iterable<string>): (text: string) => PromptPiece[] {
  const longestFirst = [...specialTokens].sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => [{ text }];
  const pattern = new RegExp(`(${longestFirst.map(escapeRegExp).join("|")})`);
  return (text) => text.split(pattern).map((part, i) => (i % 2 === 1 ? { special: part } : { text: part }));
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
