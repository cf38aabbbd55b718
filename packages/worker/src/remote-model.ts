import type { Message } from "@krait/chat-template";
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
import type { ModelInfo, ModelStats } from "./protocol.ts";
import { createRemoteSession, type RemoteSession } from "./remote-session.ts";
import { generate } from "./remote-stream.ts";
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
  /**
   * Reads a conversation and keeps its states in the worker, to answer it as often as one likes. What is open
   * is closed with the model.
   *
   * @throws as {@link chat}, and `SNAPSHOTS_EXHAUSTED` when other sessions hold all there may be.
   */
  openSession(
    messages: readonly Message[],
    options?: Pick<ChatOptions, "tools" | "templateMode" | "signal">,
  ): Promise<RemoteSession>;
  /** A session that was saved, here or on another backend. @throws {EngineError} `SESSION_INVALID` */
  loadSession(bytes: Uint8Array): Promise<RemoteSession>;
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
    openSession: async (messages, { signal, ...options } = {}) =>
      createRemoteSession(
        connection,
        await connection.request("openSession", [messages, options], { signal }).answer,
      ),
    loadSession: async (bytes) =>
      createRemoteSession(connection, await connection.request("loadSession", [bytes]).answer),
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
