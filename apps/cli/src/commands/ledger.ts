import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { write } from "../write.ts";

interface LedgerFlags {
  readonly key?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly summary?: boolean;
}

export function addLedger(program: Command): void {
  program
    .command("ledger")
    .description("Print the ledger of krait serve as CSV; it may go on being written.")
    .argument("<file>", "what was given to krait serve --ledger")
    .option("--key <name>", "only what the key of this name has used")
    .option("--since <date>", "from this day or time on, such as 2026-01-31 (UTC)", date)
    .option("--until <date>", "before this day or time", date)
    .option("--summary", "one line for each key and model")
    .action(async (file: string, _: unknown, command: Command) => {
      const { ledgerCsv } = await import("@krait/server/node");
      for (const line of ledgerCsv(file, command.opts<LedgerFlags>())) await write(process.stdout, line);
    });
}

function date(text: string): Date {
  const value = new Date(text);
  if (!Number.isNaN(value.getTime())) return value;
  throw new InvalidArgumentError("It should be a date, such as 2026-01-31 or 2026-01-31T12:00:00Z.");
}
