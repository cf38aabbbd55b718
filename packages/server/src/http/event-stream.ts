import { ApiError } from "./api-error.ts";

/** One server-sent event. */
export interface ServerSentEvent {
  /** The event's name, where the API has names. */
  readonly event?: string | undefined;
  /** A JSON value, or a text that is sent as it is. */
  readonly data: object | string;
}

export interface EventStreamOptions {
  /** What is sent when the events fail after the response has begun. */
  onError(error: unknown): readonly ServerSentEvent[];
  /** The client has gone, or reads too slowly: whatever makes the events should end. */
  onLeave(reason: unknown): void;
  /** Sends a comment after so long without an event, so that nothing on the way takes the line for dead. */
  readonly keepAliveSeconds: number;
  /** How long to wait for the first event, whose failure is still an HTTP error. */
  readonly headSeconds: number;
  /** What a client that does not read may leave waiting. */
  readonly maxBufferedBytes: number;
}

/**
 * Events as a response.
 *
 * They are taken as they come, whether or not the client reads: one that stops reading must not hold up
 * whatever computes for others. It is cut off when too much waits for it.
 *
 * @throws what the first event throws, if that is soon enough to be answered by a status.
 */
export async function eventStream(
  events: AsyncGenerator<ServerSentEvent, void, undefined>,
  options: EventStreamOptions,
): Promise<Response> {
  const first = events.next();
  await settledWithin(first, options.headSeconds);
  const encoder = new TextEncoder();
  let left = false;

  const leave = (reason: unknown): void => {
    if (left) return;
    left = true;
    options.onLeave(reason);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string): void => {
          if (left) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) > 0) return;
          const reason = new ApiError("timeout", "The client does not read what it asked for.");
          controller.error(reason);
          leave(reason);
        };
        pump(first, events, send, options)
          .then(() => left || controller.close())
          .catch((error) => left || controller.error(error))
          .finally(() => {
            left = true;
          });
      },
      cancel: leave,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: options.maxBufferedBytes }),
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      // Asks proxies not to collect the events.
      "x-accel-buffering": "no",
    },
  });
}

async function pump(
  first: Promise<IteratorResult<ServerSentEvent, void>>,
  events: AsyncGenerator<ServerSentEvent, void, undefined>,
  send: (text: string) => void,
  { keepAliveSeconds, onError }: EventStreamOptions,
): Promise<void> {
  let lastSent = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - lastSent >= 1000 * keepAliveSeconds) send(": keep-alive\n\n");
  }, 1000 * keepAliveSeconds);
  try {
    for (let step = await first; !step.done; step = await events.next()) {
      lastSent = Date.now();
      send(eventText(step.value));
    }
  } catch (error) {
    for (const event of onError(error)) send(eventText(event));
  } finally {
    clearInterval(timer);
  }
}

function eventText({ event, data }: ServerSentEvent): string {
  const name = event === undefined ? "" : `event: ${event}\n`;
  return `${name}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** Waits for a promise, but no longer than so many seconds. */
async function settledWithin(promise: Promise<unknown>, seconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000 * seconds);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
