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

const formats = ["q4_0", "q8_0"] as const;

/** What is measured: everything, or what fits into a few minutes. */
export function planCases(quick: boolean, threadCounts: readonly number[]): Case[] {
  return quick ? quickCases(threadCounts) : allCases(threadCounts);
}

function allCases(threadCounts: readonly number[]): Case[] {
  const small = { prefillTokens: 512, decodeTokens: 32, prefillRounds: 3, decodeRounds: 5 };
  const large = { prefillTokens: 512, decodeTokens: 8, prefillRounds: 2, decodeRounds: 3 };
  const casesOf = (shape: Case["shape"], how: typeof small): Case[] =>
    formats.flatMap((format) => threadCounts.map((threads) => ({ shape, format, threads, ...how })));
  return [...casesOf("0.6b", small), ...casesOf("9b", large)];
}

/** Every figure at least once: prompts take the longest, so each is read once, and in q8_0 with most threads only. */
function quickCases(threadCounts: readonly number[]): Case[] {
  const rounds = { prefillRounds: 1, decodeRounds: 3 };
  const most = threadCounts.at(-1);
  const small = formats.flatMap((format) =>
    threadCounts.map((threads): Case => {
      const prefillTokens = format === "q4_0" || threads === most ? 512 : 0;
      return { shape: "0.6b", format, threads, prefillTokens, decodeTokens: 24, ...rounds };
    }),
  );
  return [
    ...small,
    {
      shape: "9b",
      format: "q4_0",
      threads: 1,
      prefillTokens: 0,
      decodeTokens: 6,
      ...rounds,
      decodeRounds: 2,
    },
  ];
}
