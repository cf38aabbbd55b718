import { Account } from "../accounting/account.ts";
import type { Exchange } from "../exchange.ts";
import { ApiError } from "../http/api-error.ts";
import type { ServedEvent, ServedModel, ServedStream } from "../model/served-model.ts";
import type { ServerContext } from "../server-context.ts";
import { mergeStreams } from "./merge-streams.ts";

/** An event of one of the answers to a request. */
export interface ChoiceEvent {
  readonly choice: number;
  readonly event: ServedEvent;
}

export interface ChoiceCounts {
  readonly choices: number;
  /** As many as there are unless given. */
  readonly choicesPerPrompt?: number;
}

/**
 * Starts the answers to a request, if the server and the client's limits let it.
 *
 * @param start - starts one of them; may throw at once.
 * @returns their events as they come. Leaving the loop ends all of them.
 * @throws {ApiError} when the server ends or has too much to do, or the client has used its share.
 */
export function startGeneration(
  context: ServerContext,
  exchange: Exchange,
  model: ServedModel,
  { choices, choicesPerPrompt = choices }: ChoiceCounts,
  start: (choice: number, signal: AbortSignal) => ServedStream,
): AsyncGenerator<ChoiceEvent, void, undefined> {
  admit(context, exchange, choices);
  exchange.limitTime(context.options.requestTimeoutSeconds);
  try {
    const account = new Account(context, exchange, model, choicesPerPrompt);
    const streams = Array.from({ length: choices }, (_, choice) => start(choice, exchange.signal));
    return guarded(mergeStreams(streams.map((stream) => account.follow(stream))), exchange);
  } catch (error) {
    exchange.close();
    throw error;
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
