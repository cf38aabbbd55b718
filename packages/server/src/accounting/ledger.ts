/** What one request has used, and what that costs. */
export interface LedgerEntry {
  /** Of the request, as its response's `x-request-id` says. */
  readonly id: string;
  /** When it ended, in milliseconds since 1970. */
  readonly time: number;
  /** The name of the client's key; empty where none was needed. */
  readonly key: string;
  readonly model: string;
  /** Such as `/v1/chat/completions`. */
  readonly endpoint: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** Of the prices' currency. */
  readonly cost: number;
  /** `done`, `cancelled` by the client, or `failed`. What was generated until then counts either way. */
  readonly outcome: "done" | "cancelled" | "failed";
}

/** Where it is written down who used how much. */
export interface Ledger {
  /** Must not throw: an entry that cannot be written now is kept, and tried again with the next. */
  record(entry: LedgerEntry): void;
  /** Prompt and completion tokens of a key since a time in milliseconds. */
  tokensSince(key: string, time: number): number;
  /** Entries that could not be written so far. */
  readonly pending: number;
  /** Set when so many wait to be written that no more can be kept. */
  readonly isFull: boolean;
}

/** Per million tokens, as hosted providers bill. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Of prompt tokens that were computed before; as `input` unless given. */
  readonly cachedInput?: number | undefined;
}

export function costOf(
  { input, output, cachedInput = input }: Price,
  usage: Pick<LedgerEntry, "promptTokens" | "cachedTokens" | "completionTokens">,
): number {
  const { promptTokens, cachedTokens, completionTokens } = usage;
  return (
    ((promptTokens - cachedTokens) * input + cachedTokens * cachedInput + completionTokens * output) / 1e6
  );
}
