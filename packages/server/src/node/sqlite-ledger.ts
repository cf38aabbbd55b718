import type { DatabaseSync } from "node:sqlite";
import type { Ledger, LedgerEntry } from "../accounting/ledger.ts";
import { LedgerError } from "./ledger-error.ts";

export interface LedgerOptions {
  /** The file's size at most; as much as the disk holds unless given. */
  readonly maxBytes?: number | undefined;
  /** Entries that are kept in memory while they cannot be written; 10,000 unless given. */
  readonly maxPending?: number | undefined;
  /** Told once when writing begins to fail, and once with undefined when it works again. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

export interface SqliteLedger extends Ledger, Disposable {
  /** Tries to write what could not be written. */
  flush(): void;
}

/** Costs are whole numbers of a billionth of the currency's unit, so that sums are exact. */
const NANOS = 1e9;
const VERSION = 1;
const RETRY_MILLISECONDS = 5000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entry (
    id TEXT PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL,
    endpoint TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL, outcome TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entry_by_key ON entry (key, time);
  PRAGMA user_version = ${VERSION};`;

// An entry that was written and is tried again, since the answer to its commit was lost, stays one.
const INSERT = `INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/**
 * Opens or makes a ledger in an SQLite file. Each request is one row, written in one transaction when it
 * ends; a process that is killed loses the rows of what was still under way, and damages nothing.
 *
 * @throws {LedgerError} `LEDGER_UNAVAILABLE` where Node has no SQLite, `LEDGER_INVALID` for a file that is
 *   something else.
 */
export function openLedger(path: string, options: LedgerOptions = {}): SqliteLedger {
  const { maxBytes, maxPending = 10_000, onTrouble = () => {} } = options;
  const database = openDatabase(path);
  if (maxBytes !== undefined) {
    const { page_size } = database.prepare("PRAGMA page_size").get() as { page_size: number };
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / page_size))}`);
  }
  const insert = database.prepare(INSERT);
  const sum = database.prepare(
    "SELECT coalesce(sum(prompt_tokens + completion_tokens), 0) AS tokens FROM entry WHERE key = ? AND time >= ?",
  );
  let pending: LedgerEntry[] = [];
  let isTroubled = false;

  const flush = (): void => {
    if (pending.length === 0) return;
    try {
      writeAll(database, insert, pending);
      pending = [];
      if (isTroubled) onTrouble(undefined);
      isTroubled = false;
    } catch (error) {
      if (!isTroubled) onTrouble(error);
      isTroubled = true;
    }
  };
  const timer = setInterval(flush, RETRY_MILLISECONDS);
  timer.unref();
  return {
    record(entry) {
      pending.push(entry);
      flush();
    },
    tokensSince(key, time) {
      const written = (sum.get(key, time) as { tokens: number }).tokens;
      const waiting = pending.filter((entry) => entry.key === key && entry.time >= time);
      return waiting.reduce((total, entry) => total + entry.promptTokens + entry.completionTokens, written);
    },
    get pending() {
      return pending.length;
    },
    get isFull() {
      return pending.length >= maxPending;
    },
    flush,
    [Symbol.dispose]() {
      clearInterval(timer);
      flush();
      database.close();
    },
  };
}

/** @param readOnly - of a ledger that is there; a server may be writing to it. */
export function openDatabase(path: string, readOnly = false): DatabaseSync {
  // Asked for and not imported: it is not in every Node, and bundlers may take it for a package.
  const sqlite = globalThis.process.getBuiltinModule("node:sqlite");
  if (sqlite === undefined) {
    throw new LedgerError("LEDGER_UNAVAILABLE", path, "This Node has no SQLite; it comes with Node 22.13.");
  }
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(path, { readOnly });
    database.exec("PRAGMA busy_timeout = 2000");
    const { user_version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
    if (user_version > VERSION) {
      throw new LedgerError(
        "LEDGER_INVALID",
        path,
        `The ledger ${path} is of version ${user_version}, and this Krait knows up to ${VERSION}.`,
      );
    }
    if (readOnly) database.prepare("SELECT 1 FROM entry LIMIT 1").get();
    else database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
    return database;
  } catch (cause) {
    if (database?.isOpen) database.close();
    if (cause instanceof LedgerError) throw cause;
    const message = `${path} cannot be opened as a ledger: ${(cause as Error).message}.`;
    throw new LedgerError("LEDGER_INVALID", path, message, { cause });
  }
}

function writeAll(
  database: DatabaseSync,
  insert: ReturnType<DatabaseSync["prepare"]>,
  entries: readonly LedgerEntry[],
): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const entry of entries) {
      const { id, time, key, model, endpoint, cost, outcome } = entry;
      const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = entry;
      insert.run(
        ...[id, time, key, model, endpoint, promptTokens, cachedTokens, completionTokens, reasoningTokens],
        Math.round(cost * NANOS),
        outcome,
      );
    }
    database.exec("COMMIT");
  } catch (error) {
    // A full disk has ended the transaction already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
