/** Which tokens a sequence has seen, counted as it grows, for the penalties. */
export interface TokenHistory {
  /** How often each token was generated; 0 for a token of the prompt alone. */
  readonly counts: ReadonlyMap<number, number>;
  /** Counts a generated token. */
  push(token: number): void;
  /** A history of its own with the same counts, for a sequence that forks. */
  clone(): TokenHistory;
}

/** A history that starts with a prompt. Leave the prompt out for penalties that look at the output alone. */
export function createTokenHistory(prompt: Iterable<number> = []): TokenHistory {
  const counts = new Map<number, number>();
  for (const token of prompt) counts.set(token, 0);
  return historyOf(counts);
}

function historyOf(counts: Map<number, number>): TokenHistory {
  return {
    counts,
    push(token) {
      counts.set(token, (counts.get(token) ?? 0) + 1);
    },
    clone: () => historyOf(new Map(counts)),
  };
}
