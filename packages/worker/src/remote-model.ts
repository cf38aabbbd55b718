import type { Message } from "@krait/chat-template";
import type { GenerateEvent, GenerateStream } from "@krait/engine";
import {
  type ChatOptions,
  type ChatStream,
  type CompleteOptions,
  chatStream,
  type RunToolsOptions,
  runTools,
  type ToolRun,
} from "krait/streams";
import type { Connection } from "./connection.ts";
import { splitOptions } from "./crossing.ts";
import { EventQueue } from "./event-queue.ts";
import type { Methods, ModelInfo, ModelStats } from "./protocol.ts";
import type { StepTimes } from "./step-times.ts";

/** A model in a worker: what `ChatModel` of `krait` is, as far as it can be had by messages. */
export interface RemoteModel extends ModelInfo, AsyncDisposable {
  /**
   * Answers a conversation, as `ChatModel.chat`. What is wrong with messages or options is thrown while
   * iterating, not at once. Nothing is sent before the stream is read.
   */
  chat(messages: readonly Message[], options?: ChatOptions): ChatStream;
  /** Continues a text as it is, without a chat template. What looks like a special token becomes one. */
  complete(text: string, options?: CompleteOptions): ChatStream;
  /** Answers a conversation and calls tools on the way. The tools run here, not in the worker. */
  runTools(messages: readonly Message[], options: RunToolsOptions): ToolRun;
  /** The ids of a text; with `special: "parse"`, what looks like a special token becomes one. */
  tokenize(text: string, options?: { readonly special?: "plain" | "parse" }): Promise<number[]>;
  /** The text of each token; bytes that are only a part of a character show as U+FFFD. */
  tokenTexts(ids: readonly number[]): Promise<string[]>;
  /** How many tokens the prompt of this conversation has. */
  countTokens(messages: readonly Message[], options?: ChatOptions): Promise<number>;
  stats(): Promise<ModelStats>;
  /**
   * What the ops of the next step take, and of drawing tokens after it; waits for one to be computed, and costs
   * it some time. Undefined where the backend or its device cannot tell.
   */
  stepTimes(options?: { readonly signal?: AbortSignal | undefined }): Promise<StepTimes | undefined>;
  /** Settles when the worker, or the device that the model is on, is gone. */
  readonly lost: Promise<Error>;
  /** Ends what is under way and lets go of the model, which the worker frees when nobody else holds it. */
  [Symbol.asyncDispose](): Promise<void>;
}

export function createRemoteModel(connection: Connection, info: ModelInfo): RemoteModel {
  const chat = (messages: readonly Message[], options: ChatOptions = {}): ChatStream =>
    chatStream(generate(connection, "chat", messages, options), options.n);
  let disposal: Promise<void> | undefined;
  const dispose = async (): Promise<void> => {
    // A worker that is gone has freed everything; there is nothing to say and nobody to say it to.
    const { answer } = connection.request("dispose", []);
    const released = answer.catch(() => {});
    await Promise.race([released, connection.lost]);
    connection.dispose();
  };
  return {
    ...info,
    chat,
    complete: (text, options = {}) => chatStream(generate(connection, "complete", text, options), options.n),
    runTools: (messages, options) => runTools(chat, messages, options),
    tokenize: (text, options = {}) => connection.request("tokenize", [text, options]).answer,
    tokenTexts: (ids) => connection.request("tokenTexts", [ids]).answer,
    countTokens: (messages, options = {}) =>
      connection.request("countTokens", [messages, splitOptions(options).plain]).answer,
    stats: () => connection.request("stats", []).answer,
    stepTimes: ({ signal } = {}) => connection.request("stepTimes", [], { signal }).answer,
    lost: connection.lost,
    async [Symbol.asyncDispose]() {
      disposal ??= dispose();
      await disposal;
    },
  };
}

/** A generation in the worker, which begins when it is first read. */
function generate<M extends "chat" | "complete">(
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
