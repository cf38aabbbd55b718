import type { Tokenizer } from "@krait/tokenizer";
import { foldEvents, type ToolCallEvent } from "@krait/tool-parser";
import { createEngine, type Engine } from "../src/engine.ts";
import type { EngineOptions } from "../src/engine-options.ts";
import type { FinishEvent, GenerateEvent, TokenEvent } from "../src/events.ts";
import type { GenerateRequest } from "../src/request.ts";
import {
  type Script,
  type ScriptedModel,
  type ScriptedSizes,
  scriptedModel,
  scriptOf,
} from "./scripted-model.ts";
import { tinyTokenizer } from "./tiny-tokenizer.ts";

export const tokenizer: Tokenizer = tinyTokenizer();
/** What every generation here continues. */
export const prompt: readonly number[] = tokenizer.encode("Hello");
/** The token at which scripted answers end. */
export const END: number = 12;

/** An engine over a scripted model. */
export async function scriptedEngine(
  script: Script,
  sizes: ScriptedSizes = {},
  options: EngineOptions = {},
): Promise<ScriptedModel & { readonly engine: Engine }> {
  const scripted = await scriptedModel(script, sizes);
  const engine = createEngine(scripted.model, scripted.backend, {
    tokenizer,
    endTokens: [END],
    ...options,
  });
  return { ...scripted, engine };
}

export async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const collected: GenerateEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

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
  const { engine, read } = await scriptedEngine(script, { asDevice: lookahead }, { lookahead });
  const events = await collect(engine.generate({ prompt, ...request }));
  const { text, reasoning } = foldEvents(events as ToolCallEvent[]);
  return { events, finish: events.at(-1) as FinishEvent, text, reasoning, read };
}

export const tokensOf = (events: readonly GenerateEvent[]): TokenEvent[] =>
  events.filter((event): event is TokenEvent & { choice?: number } => event.type === "token");
