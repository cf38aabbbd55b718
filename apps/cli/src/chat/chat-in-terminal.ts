import type { ChatModel } from "krait";
import { InterruptedError } from "../errors.ts";
import { type GenerationFlags, generationOptions } from "../generation-flags.ts";
import { openModel } from "../open-model.ts";
import { presentAnswer } from "../present-answer.ts";
import { formatError } from "../report-error.ts";
import { stylesFor } from "../terminal/styles.ts";
import { toolSetOf } from "../tool-set.ts";
import { commandNames, runCommand } from "./commands.ts";
import { Conversation } from "./conversation.ts";
import { openPromptLine } from "./prompt-line.ts";

/** A conversation between a person and the model. Ctrl-C stops the loading or the answer, not the program. */
export async function chatInTerminal(flags: GenerationFlags): Promise<void> {
  const answer = generationOptions(flags);
  const tools = await toolSetOf(flags, flags.model === undefined);
  const { dim, bold } = stylesFor(process.stdout);
  const say = (text: string): boolean => process.stdout.write(`${dim(text)}\n\n`);

  let stop = new AbortController();
  let conversation: Conversation | undefined;
  using input = openPromptLine({
    prompt: bold("> "),
    completions: commandNames,
    onInterrupt: () => stop.abort(new InterruptedError()),
    onEnter: () => conversation?.endThinking(),
  });
  await using model = await openModel(flags, stop.signal);
  conversation = new Conversation(model, { system: flags.system, tools, answer });
  say(greeting(model, flags));

  for (let line = await input.read(); line !== undefined; line = await input.read()) {
    const outcome = runCommand(line, conversation, tools);
    if (outcome?.leaves) break;
    if (outcome !== undefined) {
      say(outcome.notice);
      continue;
    }
    stop = new AbortController();
    try {
      await presentAnswer(conversation.answer(line, stop.signal), flags, conversation.tools);
    } catch (error) {
      if (stop.signal.aborted) process.stdout.write(dim("[stopped]\n"));
      else process.stderr.write(formatError(error, flags));
    }
    process.stdout.write("\n");
  }
}

function greeting({ memory, backend, architecture }: ChatModel, { model }: GenerationFlags): string {
  const millions = memory.parameters / 1e6;
  const size = millions < 1000 ? `${millions.toFixed(1)} million` : `${(millions / 1000).toFixed(1)} billion`;
  const name = model ?? "The embedded tiny model";
  const lines = [
    `${name}: ${architecture.name}, ${size} parameters, backend ${backend.name}.`,
    "/help lists the commands, Ctrl-C stops an answer, /exit leaves.",
  ];
  if (model === undefined) {
    lines.push('Try "What is 47 + 38?", "What is the weather in Oslo and Rome?", /no_think, or /tools.');
  }
  return lines.join("\n");
}
