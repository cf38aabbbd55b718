import type { Exchange } from "../exchange.ts";
import type { ServerContext } from "../server-context.ts";
import { errorBody, isOurs } from "./api-error.ts";
import { eventStream, type ServerSentEvent } from "./event-stream.ts";
import { toApiError } from "./known-errors.ts";

/**
 * The events of an exchange as its response.
 *
 * @param onError - what is sent when they fail; OpenAI's error object unless given.
 */
export function sendEvents(
  { options }: ServerContext,
  exchange: Exchange,
  events: AsyncGenerator<ServerSentEvent, void, undefined>,
  onError: (error: unknown) => readonly ServerSentEvent[] = (error) => [
    { data: errorBody(toApiError(error), "openai", `req_${exchange.id}`) },
  ],
): Promise<Response> {
  return eventStream(events, {
    ...options,
    onError(error) {
      if (exchange.signal.aborted) return onError(exchange.signal.reason);
      if (isOurs(toApiError(error))) options.onError(error, `req_${exchange.id}`);
      return onError(error);
    },
    onLeave(reason) {
      exchange.abort(reason);
      events.return().catch(() => {});
    },
  });
}
