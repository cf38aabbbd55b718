import { Account } from "../accounting/account.ts";
import type { Exchange } from "../exchange.ts";
import { ApiError } from "../http/api-error.ts";
import type { ServedEvent, ServedModel, ServedStream } from "../model/served-model.ts";
import type { ServerContext } from "../server-context.ts";
import { mergeStreams, type StreamEvent } from "./merge-streams.ts";

/** An event of one of the answers to a request. */
export interface ChoiceEvent {
  readonly choice: number;
  readonly event: ServedEvent;
}

export interface ChoiceCounts {
  /** 1 unless given. */
  readonly prompts?: number;
  readonly choicesPerPrompt: number;
}

/** Answers to one prompt that the model gives in one go. */
export interface ChoicePart {
  /** Its index. */
  readonly prompt: number;
  /** Of the prompt's answers, the index of the first of these. */
  readonly firstChoice: number;
  readonly n: number;
  readonly signal: AbortSignal;
}

/**
 * Starts the answers to a request, if the server and the client's limits let it.
 *
 * @param start - starts some of them; may throw at once.
 * @returns their events as they come. Leaving the loop ends all of them.
 * @throws {ApiError} when the server ends or has too much to do, or the client has used its share.
 */
export function startGeneration(
  context: ServerContext,
  exchange: Exchange,
  model: ServedModel,
  { prompts = 1, choicesPerPrompt }: ChoiceCounts,
  start: (part: ChoicePart) => ServedStream,
): AsyncGenerator<ChoiceEvent, void, undefined> {
  admit(context, exchange, prompts * choicesPerPrompt);
  exchange.begin(context.options.requestTimeoutSeconds);
  try {
    const account = new Account(context, exchange, model, choicesPerPrompt);
    const most = Math.max(1, model.supports.choices ?? 1);
    const parts = partsOf(prompts, choicesPerPrompt, most);
    const streams = parts.map((part) => start({ ...part, signal: exchange.signal }));
    const followed = streams.map((stream, index) => account.follow(stream, parts[index]!.n));
    const firsts = parts.map(({ prompt, firstChoice }) => prompt * choicesPerPrompt + firstChoice);
    return guarded(numbered(mergeStreams(followed), firsts), exchange);
  } catch (error) {
    exchange.close();
    throw error;
  }
}

function partsOf(prompts: number, choicesPerPrompt: number, most: number): Omit<ChoicePart, "signal">[] {
  return Array.from({ length: prompts }, (_, prompt) =>
    Array.from({ length: Math.ceil(choicesPerPrompt / most) }, (_, part) => ({
      prompt,
      firstChoice: part * most,
      n: Math.min(most, choicesPerPrompt - part * most),
    })),
  ).flat();
}

/** @param firsts - by stream, the number of the first answer in it. */
async function* numbered(
  events: AsyncGenerator<StreamEvent<ServedEvent>, void, undefined>,
  firsts: readonly number[],
): AsyncGenerator<ChoiceEvent, void, undefined> {
  for await (const { stream, event } of events) {
    yield { choice: firsts[stream]! + (event.choice ?? 0), event };
  }
}

async function* guarded(
  events: AsyncGenerator<ChoiceEvent, void, undefined>,
  exchange: Exchange,
): AsyncGenerator<ChoiceEvent, void, undefined> {
  try {
    yield* events;
  } finally {
    exchange.close();
  }
}

function admit({ options, metrics, ledger }: ServerContext, { client }: Exchange, choices: number): void {
  if (options.drain?.aborted) {
    throw new ApiError("overloaded", "This server is shutting down.", { code: "shutting_down" });
  }
  if (ledger?.isFull) {
    throw new ApiError("overloaded", "The ledger cannot be written, so nothing that costs is done.", {
      code: "ledger_unavailable",
      retryAfterSeconds: 30,
    });
  }
  const open = [...metrics.queued.values(), ...metrics.running.values()].reduce(
    (sum, count) => sum + count,
    0,
  );
  if (open + choices > options.maxGenerations) {
    throw new ApiError(
      "overloaded",
      `There are ${open} answers under way, and no room for ${choices} more.`,
      {
        code: "overloaded",
        retryAfterSeconds: 1,
      },
    );
  }
  client?.allowance.admit(Date.now());
}
