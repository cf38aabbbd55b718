import type { Tokenizer } from "@krait/tokenizer";
import { type Command, Option } from "commander";
import { InputError, UsageError } from "../errors.ts";
import { tokenIds } from "../flag-values.ts";
import { answerRows } from "../json-rows.ts";
import type { SharedFlags } from "../shared-flags.ts";
import { openText } from "../text-files.ts";
import { readInput } from "../text-input.ts";
import { write } from "../write.ts";

interface TokensFlags extends SharedFlags {
  readonly ids?: readonly number[];
  readonly special: "parse" | "plain";
  readonly skipSpecial?: boolean;
  readonly pieces?: boolean;
  readonly jsonl?: boolean;
}

export function addTokens(program: Command): void {
  program
    .command("tokens")
    .description("Text to token ids, and back.")
    .argument("[text]", "the text, or with --jsonl a file of rows; standard input unless given")
    .option("--ids <ids>", "turn ids into text, for example 5,17,42", tokenIds)
    .addOption(
      new Option("--special <how>", "what text like </s> becomes: the special token, or its characters")
        .choices(["parse", "plain"])
        .default("plain"),
    )
    .option("--skip-special", "leave special tokens out of the text")
    .option("--pieces", "one token a line, with its text")
    .option("--jsonl", 'answer {"text"} with {"ids"} and {"ids"} with {"text"}, line by line')
    .action(async (text: string | undefined, _: unknown, command: Command) => {
      await tokens(text, command.optsWithGlobals<TokensFlags>());
    });
}

async function tokens(text: string | undefined, flags: TokensFlags): Promise<void> {
  if (flags.ids !== undefined && text !== undefined) throw new UsageError("Give a text or --ids, not both.");
  if (flags.ids !== undefined && flags.jsonl) throw new UsageError("With --jsonl the ids are in the rows.");
  const { tokenizer } = await openText(flags);
  if (flags.jsonl) {
    process.exitCode = await answerRows(text, (row) => convert(tokenizer, row, flags));
    return;
  }
  if (flags.ids !== undefined && !flags.pieces) {
    await write(process.stdout, `${tokenizer.decode(flags.ids, flags)}\n`);
    return;
  }
  const ids = flags.ids ?? tokenizer.encode(text ?? (await readInput()), { special: flags.special });
  await write(process.stdout, flags.pieces ? pieceLines(tokenizer, ids) : `${ids.join(",")}\n`);
}

function pieceLines(tokenizer: Tokenizer, ids: readonly number[]): string {
  return ids.map((id) => `${String(id).padStart(6)}  ${JSON.stringify(tokenizer.tokenText(id))}\n`).join("");
}

/** A row's answer. @throws {InputError} when it has neither a text nor ids. */
export function convert(
  tokenizer: Tokenizer,
  row: Readonly<Record<string, unknown>>,
  { special, skipSpecial }: Pick<TokensFlags, "special" | "skipSpecial">,
): { ids: number[] } | { text: string } {
  if (typeof row.text === "string") return { ids: tokenizer.encode(row.text, { special }) };
  if (Array.isArray(row.ids) && row.ids.every((id) => typeof id === "number")) {
    return { text: tokenizer.decode(row.ids, { skipSpecial: skipSpecial ?? false }) };
  }
  throw new InputError("INPUT_INVALID", "row", 'A row should have a "text", or "ids": a list of numbers.');
}
