import type { Message } from "@krait/chat-template";
import { recommendedSampling } from "@krait/sampler";
import type { Command } from "commander";
import type { ChatModel, ChatOptions } from "krait";
import { type AnswerEvent, withResult } from "../answer-event.ts";
import { InputError, UsageError } from "../errors.ts";
import { tokenIds } from "../flag-values.ts";
import { addGenerationFlags, type GenerationFlags, generationOptions } from "../generation-flags.ts";
import { interruptSignal } from "../interrupt.ts";
import { createLogitsFile, type LogitsFile } from "../logits-file.ts";
import { openModel } from "../open-model.ts";
import { presentAnswer } from "../present-answer.ts";
import { readInput } from "../text-input.ts";
import { ask, toolSetOf } from "../tool-set.ts";
import { write } from "../write.ts";

interface RunFlags extends GenerationFlags {
  readonly raw?: boolean;
  readonly tokens?: readonly number[];
  readonly logits?: string;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("One answer to one prompt.")
    .argument("[prompt]", "what you say; standard input unless given")
    .option("--raw", "continue the text as it is, without a chat template")
    .option("--tokens <ids>", "continue token ids, for example 5,17,42, and print ids", tokenIds)
    .option("--logits <file>", "keep the logits of every step as safetensors");
  addGenerationFlags(command).action(async (prompt: string | undefined, _: unknown, command: Command) => {
    await run(prompt, command.optsWithGlobals<RunFlags>());
  });
}

async function run(prompt: string | undefined, flags: RunFlags): Promise<void> {
  checkFlags(prompt, flags);
  const options = generationOptions(flags);
  const tools = await toolSetOf(flags);
  const logits = flags.logits === undefined ? undefined : await createLogitsFile(flags.logits);
  const text = flags.tokens === undefined ? (prompt ?? (await readPrompt())) : "";
  const signal = interruptSignal();
  await using model = await openModel(flags, signal);
  const withLogits = { ...options, signal, onLogits: logits?.add };
  if (flags.tokens !== undefined) {
    await continueTokens(model, flags.tokens, withLogits, flags, logits);
  } else {
    const answer = flags.raw
      ? model.complete(text, withLogits)
      : ask(model, conversation(text, flags), withLogits, tools);
    await presentAnswer(observed(withResult(answer), logits), flags, tools);
  }
  await logits?.write(signal);
}

async function readPrompt(): Promise<string> {
  const text = await readInput();
  if (text.trim() !== "") return text;
  throw new InputError("INPUT_INVALID", "standard input", "There is no prompt on standard input.");
}

function conversation(text: string, { system }: RunFlags): Message[] {
  const user: Message = { role: "user", content: text };
  return system === undefined ? [user] : [{ role: "system", content: system }, user];
}

/** Ids in, ids out, with no need of a tokenizer: `12,40,7`, or with `--json` a line each. */
async function continueTokens(
  model: ChatModel,
  prompt: readonly number[],
  { sampling, ...options }: ChatOptions,
  flags: RunFlags,
  logits: LogitsFile | undefined,
): Promise<void> {
  const answer = model.engine.generate({
    ...options,
    prompt,
    format: "text",
    sampling: { ...(model.defaults ?? recommendedSampling("off")), ...sampling },
  });
  if (flags.json) return presentAnswer(observed(answer, logits), flags, undefined);
  let separator = "";
  for await (const event of observed(answer, logits)) {
    if (event.type !== "token") continue;
    await write(process.stdout, `${separator}${event.token}`);
    separator = ",";
  }
  await write(process.stdout, "\n");
}

/** The same events, each token noted beside its logits. */
async function* observed<E extends AnswerEvent>(
  events: AsyncIterable<E>,
  logits: LogitsFile | undefined,
): AsyncGenerator<E, void, undefined> {
  for await (const event of events) {
    if (event.type === "token") logits?.addToken(event.token);
    yield event;
  }
}

/** Flags that speak of a chat turn say nothing about a text or about ids. */
function checkFlags(prompt: string | undefined, flags: RunFlags): void {
  if (flags.raw && flags.tokens !== undefined) throw new UsageError("Give --raw or --tokens, not both.");
  if (flags.tokens !== undefined && prompt !== undefined) {
    throw new UsageError("Give a prompt or --tokens, not both.");
  }
  if (flags.tokens?.length === 0) throw new UsageError("--tokens needs at least one id.");
  const isMissing = prompt === undefined ? process.stdin.isTTY : prompt.trim() === "";
  if (flags.tokens === undefined && isMissing) {
    throw new UsageError('What is the prompt? For example: krait run "Hello"');
  }
  if (!flags.raw && flags.tokens === undefined) return;
  const chatOnly = [
    "system",
    "tools",
    "demoTools",
    "think",
    "thinkingBudget",
    "thinkingGrace",
    "thinkingPhrase",
  ];
  const given = chatOnly.find((flag) => flags[flag as keyof RunFlags] !== undefined);
  if (given === undefined) return;
  const name = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${name} is for chat turns, so it does not go with --raw or --tokens.`);
}
