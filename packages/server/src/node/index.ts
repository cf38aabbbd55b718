export { AccessKeys } from "../access/access-keys.ts";
export { FolderInUseError } from "./batches/folder-lock.ts";
export { type OpenBatches, type OpenBatchesOptions, openBatches } from "./batches/open-batches.ts";
export { type LedgerCsvOptions, ledgerCsv } from "./ledger-csv.ts";
export { LedgerError, type LedgerErrorCode } from "./ledger-error.ts";
export { keysInText, readKeysFile } from "./read-keys.ts";
export { type RunningServer, type ServeOptions, serve } from "./serve.ts";
export { type LedgerOptions, openLedger, type SqliteLedger } from "./sqlite-ledger.ts";
export { type KeysWatch, type WatchKeysOptions, watchKeysFile } from "./watch-keys.ts";
