import type { Message } from "@krait/chat-template";
import {
  type ChatOptions,
  type ChatStream,
  chatStream,
  type RunToolsOptions,
  runTools,
  type ToolRun,
} from "krait/streams";
import type { Connection } from "./connection.ts";
import type { SessionInfo } from "./protocol.ts";
import { generate } from "./remote-stream.ts";

/**
 * The beginning of a conversation, whose states a worker keeps, to go on from as often as one likes: what
 * `ChatSession` of `krait` is, as far as it can be had by messages. A session never changes.
 */
export interface RemoteSession extends AsyncDisposable {
  readonly messages: readonly Message[];
  readonly tools: ChatOptions["tools"];
  /** Answers the conversation, with what is said after it. Only that is read. */
  chat(more?: readonly Message[], options?: ChatOptions): ChatStream;
  /** As {@link chat}, with tools that are called on this side; the session should know of the same ones. */
  runTools(more: readonly Message[], options: RunToolsOptions): ToolRun;
  /** The session that has read these messages, too. This one stays. */
  extend(more: readonly Message[], options?: Pick<ChatOptions, "signal">): Promise<RemoteSession>;
  /** A second hold on the same states, to be closed on its own. */
  fork(): Promise<RemoteSession>;
  /** Conversation and states as a file, for `loadSession` of the same model on any backend. */
  save(): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the states back. Answers that are under way go on; so does what was forked or extended from it. */
  close(): Promise<void>;
}

export function createRemoteSession(connection: Connection, info: SessionInfo): RemoteSession {
  const { id, messages, tools } = info;
  const chat = (more: readonly Message[] = [], options: ChatOptions = {}): ChatStream =>
    chatStream(generate(connection, "chatSession", { id, more }, options), options.n);
  // A worker that is gone holds no states any more.
  const close = async (): Promise<void> => {
    await connection.request("closeSession", [id]).answer.catch(() => {});
  };
  return {
    messages,
    tools,
    chat,
    runTools: (more, options) => runTools(chat, more, options),
    extend: async (more, { signal } = {}) =>
      createRemoteSession(
        connection,
        await connection.request("extendSession", [{ id, more }], { signal }).answer,
      ),
    fork: async () => createRemoteSession(connection, await connection.request("forkSession", [id]).answer),
    save: () => connection.request("saveSession", [id]).answer,
    close,
    [Symbol.asyncDispose]: close,
  };
}
