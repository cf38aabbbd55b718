import type { Tokenizer } from "@krait/tokenizer";
import { foldEvents, type ToolCallEvent } from "@krait/tool-parser";
import type { FinishEvent, GenerateEvent, TokenEvent } from "../src/events.ts";
import { Generation } from "../src/generation.ts";
import type { GenerateRequest } from "../src/request.ts";
import { collect, type Script, scriptedContext, scriptOf } from "./scripted-executor.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

export const tokenizer: Tokenizer = tinyTokenizer();
/** What every generation here continues. */
export const prompt: readonly number[] = tokenizer.encode("Hello");
/** The token at which scripted answers end. */
export const END: number = 12;

/** Runs a generation over a script, or over a text that ends with {@link END}. */
export async function generate(
  answer: string | Script,
  request: Partial<GenerateRequest> = {},
  lookahead = false,
): Promise<{
  events: GenerateEvent[];
  finish: FinishEvent;
  text: string;
  reasoning: string;
  read: readonly number[];
}> {
  const script = typeof answer === "string" ? scriptOf(tokenizer, answer, prompt.length, END) : answer;
  const context = await scriptedContext(script, { tokenizer, endTokens: new Set([END]), lookahead });
  const events = await collect(new Generation(context, { prompt, ...request }));
  const { text, reasoning } = foldEvents(events as ToolCallEvent[]);
  return { events, finish: events.at(-1) as FinishEvent, text, reasoning, read: context.read };
}

export const tokensOf = (events: readonly GenerateEvent[]): TokenEvent[] =>
  events.filter((event): event is TokenEvent => event.type === "token");
