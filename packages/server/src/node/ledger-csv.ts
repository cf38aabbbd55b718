import { openDatabase } from "./sqlite-ledger.ts";

export interface LedgerCsvOptions {
  /** Only of this key. */
  readonly key?: string | undefined;
  /** Entries from this time on, and before that one. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** One line for each key and model, with its sums, instead of one for each request. */
  readonly summary?: boolean | undefined;
}

const entryColumns = `id, strftime('%Y-%m-%dT%H:%M:%fZ', time / 1000.0, 'unixepoch') AS time, key, model,
  endpoint, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens,
  printf('%d.%09d', cost_nanos / 1000000000, cost_nanos % 1000000000) AS cost, outcome`;

const summaryColumns = `key, model, count(*) AS requests, sum(prompt_tokens) AS prompt_tokens,
  sum(cached_tokens) AS cached_tokens, sum(completion_tokens) AS completion_tokens,
  sum(reasoning_tokens) AS reasoning_tokens,
  printf('%d.%09d', sum(cost_nanos) / 1000000000, sum(cost_nanos) % 1000000000) AS cost`;

/**
 * The lines of a ledger as CSV (RFC 4180), the names of the columns first. A server may go on writing to it.
 *
 * @throws {LedgerError} when there is no SQLite, or the file is no ledger.
 */
export function* ledgerCsv(path: string, options: LedgerCsvOptions = {}): Iterable<string> {
  const { key, since, until, summary = false } = options;
  const database = openDatabase(path, true);
  try {
    const statement = database.prepare(
      `SELECT ${summary ? summaryColumns : entryColumns} FROM entry
       WHERE (?1 IS NULL OR key = ?1) AND time >= ?2 AND time < ?3
       ${summary ? "GROUP BY key, model ORDER BY key, model" : "ORDER BY entry.time, id"}`,
    );
    const names = statement.columns().map(({ name }) => name);
    yield csvLine(names);
    const from = since?.getTime() ?? 0;
    const before = until?.getTime() ?? Number.MAX_SAFE_INTEGER;
    for (const row of statement.iterate(key ?? null, from, before)) {
      yield csvLine(names.map((name) => String((row as Record<string, unknown>)[name] ?? "")));
    }
  } finally {
    database.close();
  }
}

function csvLine(fields: readonly string[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(",")}\r\n`;
}
