import type { Format } from "@krait/tensor";

/** A model whose speed is measured, and how thoroughly. */
export interface Case {
  readonly shape: "0.6b" | "9b";
  readonly format: Format;
  readonly threads: number;
  /** Tokens of the prompt that is read; 0 to leave prefill out. */
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly prefillRounds: number;
  readonly decodeRounds: number;
}

/** What is measured: everything, or what fits into a few minutes. */
export function planCases(quick: boolean, threadCounts: readonly number[]): Case[] {
  const small = { prefillTokens: 512, decodeTokens: 32, prefillRounds: 3, decodeRounds: 5 };
  const large = { prefillTokens: 512, decodeTokens: 8, prefillRounds: 2, decodeRounds: 3 };
  const formats = ["q4_0", "q8_0"] as const;
  const cases: Case[] = formats.flatMap((format) =>
    threadCounts.map((threads) => ({ shape: "0.6b", format, threads, ...small })),
  );
  if (quick) return [...cases, { shape: "9b", format: "q4_0", threads: 1, ...large, prefillTokens: 0 }];
  return [
    ...cases,
    ...formats.flatMap((format) =>
      threadCounts.map((threads): Case => ({ shape: "9b", format, threads, ...large })),
    ),
  ];
}
