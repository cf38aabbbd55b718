import {
  type ChatTemplate,
  JsonNumber,
  type Message,
  parseExactJson,
  type RenderOptions,
  type Tool,
} from "@krait/chat-template";
import type { Tokenizer } from "@krait/tokenizer";
import { type Command, Option } from "commander";
import { InputError } from "../errors.ts";
import { answerRows } from "../json-rows.ts";
import { errorMessage } from "../report-error.ts";
import type { SharedFlags } from "../shared-flags.ts";
import { openText } from "../text-files.ts";
import { inputName, readInput } from "../text-input.ts";
import { readTools } from "../tools-file.ts";
import { write } from "../write.ts";

interface RenderFlags extends SharedFlags {
  readonly tools?: string;
  readonly mode?: "robust" | "faithful";
  readonly think?: boolean;
  readonly generationPrompt: boolean;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

type Row = Readonly<Record<string, unknown>>;

export function addRender(program: Command): void {
  program
    .command("render")
    .description("Messages to the prompt that the model reads: its text, ids and reasoning state.")
    .argument("[file]", "JSON file of messages, or with --jsonl of rows; standard input unless given")
    .option("--tools <file>", "JSON file of tools")
    .addOption(
      new Option(
        "--mode <mode>",
        "repair what the template gets wrong (the default), or render it to the byte",
      ).choices(["robust", "faithful"]),
    )
    .option("--think", "with reasoning, whatever the messages say")
    .option("--no-think", "without reasoning, whatever the messages say")
    .option("--no-generation-prompt", "end after the last message")
    .option("--json", 'one line: {"prompt","ids","reasoning"}')
    .option(
      "--jsonl",
      'answer {"messages","tools","options","mode"} with {"prompt","ids","reasoning"}, line by line; options are the template\'s variables',
    )
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      await render(file, command.optsWithGlobals<RenderFlags>());
    });
}

async function render(file: string | undefined, flags: RenderFlags): Promise<void> {
  const { tokenizer, template } = await openText(flags);
  const tools = flags.tools === undefined ? undefined : await readTools(flags.tools);
  const options: RenderOptions = {
    tools,
    mode: flags.mode,
    reasoning: flags.think === undefined ? undefined : flags.think ? "on" : "off",
  };
  if (flags.jsonl) {
    process.exitCode = await answerRows(file, (row) => renderRow(template, tokenizer, row, options), {
      parse: parseExactJson,
    });
    return;
  }
  const messages = readMessages(await readInput(file), inputName(file));
  const prompt = template.render(messages, { ...options, addGenerationPrompt: flags.generationPrompt });
  const ids = tokenizer.encode(prompt.pieces);
  const { text, reasoning } = prompt;
  await write(
    process.stdout,
    flags.json
      ? `${JSON.stringify({ prompt: text, ids, reasoning })}\n`
      : `${text}\n\nids: ${ids.join(",")}\nreasoning: ${reasoning}\n`,
  );
}

/** Numbers and keys stay as they are written, as a template may print them. */
function readMessages(json: string, input: string): readonly Message[] {
  if (json.trim() === "") {
    const example = '[{"role":"user","content":"Hello!"}]';
    throw new InputError("INPUT_INVALID", input, `${input} is empty, but should be messages: ${example}`);
  }
  try {
    return parseExactJson(json) as readonly Message[];
  } catch (cause) {
    throw new InputError("INPUT_INVALID", input, `${input}: ${errorMessage(cause)}`, { cause });
  }
}

/** A row's prompt. What the flags say counts before what the row says. */
export function renderRow(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  row: Row,
  flags: RenderOptions,
): { prompt: string; ids: number[]; reasoning: "on" | "off" } {
  const { text, pieces, reasoning } = template.render(row.messages as readonly Message[], {
    tools: flags.tools ?? (row.tools as readonly Tool[] | null | undefined),
    mode: flags.mode ?? modeOf(row),
    reasoning: flags.reasoning,
    variables: variablesOf(row),
  });
  return { prompt: text, ids: tokenizer.encode(pieces), reasoning };
}

function variablesOf({ options }: Row): Row {
  const value = options ?? {};
  // A number may be an object, too: one that keeps how it was written.
  if (typeof value === "object" && !Array.isArray(value) && !(value instanceof JsonNumber))
    return value as Row;
  throw new InputError("INPUT_INVALID", "row", '"options" should be an object of template variables.');
}

/** Collections of conversations have a `mode` of their own, which is none of ours and is left alone. */
function modeOf({ mode }: Row): "robust" | "faithful" | undefined {
  return mode === "robust" || mode === "faithful" ? mode : undefined;
}
