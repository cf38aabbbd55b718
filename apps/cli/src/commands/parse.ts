import { createToolCallParser, foldEvents, parse, type ToolCallParserOptions } from "@krait/tool-parser";
import { type Command, Option } from "commander";
import { InputError } from "../errors.ts";
import { answerRows } from "../json-rows.ts";
import { readInput } from "../text-input.ts";
import { write } from "../write.ts";

interface ParseFlags {
  readonly reasoning: "on" | "off";
  readonly compat: "robust" | "nvidia";
  readonly toolCallInReasoning: "closes-reasoning" | "literal";
  readonly jsonl?: boolean;
}

export function addParse(program: Command): void {
  program
    .command("parse")
    .description("What a model wrote: reasoning, text and tool calls, as events and as a whole.")
    .argument("[text]", "the text, or with --jsonl a file of rows; standard input unless given")
    .addOption(
      new Option("--reasoning <state>", "whether the prompt ended inside the reasoning")
        .choices(["on", "off"])
        .default("on"),
    )
    .addOption(
      new Option("--compat <with>", "repair and lose nothing, or do as NVIDIA's own parsers do")
        .choices(["robust", "nvidia"])
        .default("robust"),
    )
    .addOption(
      new Option("--tool-call-in-reasoning <meaning>", "what <TOOLCALL> means before </think>")
        .choices(["closes-reasoning", "literal"])
        .default("closes-reasoning"),
    )
    .option(
      "--jsonl",
      'answer {"text","reasoning","compat"} with {"reasoning","text","toolCalls","warnings"}, line by line',
    )
    .action(async (text: string | undefined, flags: ParseFlags) => {
      if (flags.jsonl) process.exitCode = await answerRows(text, (row) => parseRow(row, flags));
      else await parseText(text ?? (await readInput()), flags);
    });
}

async function parseText(text: string, flags: ParseFlags): Promise<void> {
  const parser = createToolCallParser(flags);
  const events = [...parser.push(text), ...parser.flush()];
  const lines = [...events, { type: "result", ...foldEvents(events) }];
  await write(process.stdout, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** What a row leaves out, the flags say. */
function parseRow(row: Readonly<Record<string, unknown>>, flags: ParseFlags): unknown {
  if (typeof row.text !== "string") {
    throw new InputError("INPUT_INVALID", "row", 'A row should have a "text".');
  }
  const options = {
    reasoning: row.reasoning ?? flags.reasoning,
    compat: row.compat ?? flags.compat,
    toolCallInReasoning: row.toolCallInReasoning ?? flags.toolCallInReasoning,
  };
  // The parser checks the values.
  return parse(row.text, options as ToolCallParserOptions);
}
