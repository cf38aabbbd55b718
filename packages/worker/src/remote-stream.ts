import type { GenerateEvent, GenerateStream } from "@krait/engine";
import type { ChatOptions } from "krait/streams";
import type { Connection } from "./connection.ts";
import { splitOptions } from "./crossing.ts";
import { EventQueue } from "./event-queue.ts";
import type { Methods } from "./protocol.ts";

/** A generation in the worker, which begins when it is first read. */
export function generate<M extends "chat" | "complete" | "chatSession">(
  connection: Connection,
  method: M,
  input: Parameters<Methods[M]>[0],
  options: ChatOptions,
): GenerateStream {
  let id: number | undefined;
  let endsThinking = false;
  async function* events(): AsyncGenerator<GenerateEvent, void, undefined> {
    const { signal } = options;
    const { plain, callbacks } = splitOptions(options);
    const queue = new EventQueue<GenerateEvent>();
    const leaving = new AbortController();
    const request = connection.request(method, [input, plain] as unknown as Parameters<Methods[M]>, {
      signal: signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal,
      callbacks,
      onEvent: (event) => queue.push(event),
    });
    request.answer.then(
      () => queue.end(),
      (error) => queue.fail(error),
    );
    id = request.id;
    if (endsThinking) connection.send({ type: "end-thinking", id });
    try {
      for await (const event of queue) {
        signal?.throwIfAborted(); // what has arrived and was not read is not wanted either
        yield event;
      }
    } finally {
      leaving.abort(); // does nothing once the answer is there
    }
  }
  return {
    [Symbol.asyncIterator]: events,
    endThinking() {
      endsThinking = true;
      if (id !== undefined) connection.send({ type: "end-thinking", id });
    },
  };
}
