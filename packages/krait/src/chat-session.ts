import type { Message } from "@krait/chat-template";
import type { Engine, GenerateRequest, GenerateStream, Session } from "@krait/engine";
import type { ChatOptions } from "./chat-options.ts";
import { type ChatStream, chatStream } from "./chat-stream.ts";
import { ModelError } from "./errors.ts";
import { type RunToolsOptions, runTools, type ToolRun } from "./run-tools.ts";

/** What belongs to the beginning of a prompt, and so to all answers of a session. */
export type SessionOptions = Pick<ChatOptions, "tools" | "templateMode">;

export type OpenSessionOptions = SessionOptions & Pick<ChatOptions, "signal">;

/**
 * The beginning of a conversation, read once and kept, to go on from as often as one likes: several answers to
 * one question, a search over a tree of turns, a conversation that is put away. A session never changes.
 */
export interface ChatSession extends Disposable {
  readonly messages: readonly Message[];
  readonly tools: ChatOptions["tools"];
  /**
   * Answers the conversation, with what is said after it. Only that is read, unless the options change the
   * beginning of the prompt (other tools, another template): then everything is.
   */
  chat(more?: readonly Message[], options?: ChatOptions): ChatStream;
  /** As {@link chat}, with tools that are called on the way; the session should know of the same ones. */
  runTools(more: readonly Message[], options: RunToolsOptions): ToolRun;
  /** The session that has read these messages, too, an answer of this one perhaps. This one stays. */
  extend(more: readonly Message[], options?: Pick<ChatOptions, "signal">): Promise<ChatSession>;
  /** A second hold on the same states, to be closed on its own. */
  fork(): ChatSession;
  /** Conversation and states as a file, for `loadSession` of the same model on any backend. */
  save(): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives the states back. Answers that are under way go on. */
  close(): void;
}

/** What sessions need of their model. */
export interface ChatSessionHost {
  readonly engine: Engine;
  request(messages: readonly Message[], options: ChatOptions): GenerateRequest;
}

/** Of what is stored beside the states. */
interface StoredConversation {
  readonly messages: readonly Message[];
  readonly options: SessionOptions;
}

/** Reads a conversation up to where its answer begins, and keeps the states. */
export async function openChatSession(
  host: ChatSessionHost,
  messages: readonly Message[],
  { signal, ...options }: OpenSessionOptions = {},
): Promise<ChatSession> {
  const tokens = beginningOf(host.request(messages, options));
  const session = await host.engine.openSession(tokens, { signal });
  return new KeptChatSession(host, session, { messages, options });
}

/** @throws {EngineError} `SESSION_INVALID`; {ModelError} `SESSION_INVALID` for one that is no conversation. */
export function loadChatSession(host: ChatSessionHost, bytes: Uint8Array): ChatSession {
  const session = host.engine.loadSession(bytes);
  const stored = session.metadata as Partial<StoredConversation> | undefined;
  if (Array.isArray(stored?.messages) && typeof stored.options === "object") {
    return new KeptChatSession(host, session, stored as StoredConversation);
  }
  session.close();
  throw new ModelError(
    "SESSION_INVALID",
    "This session has tokens and no messages. It was stored by the engine; load it with engine.loadSession.",
  );
}

class KeptChatSession implements ChatSession {
  readonly #host: ChatSessionHost;
  readonly #session: Session;
  readonly #conversation: StoredConversation;

  constructor(host: ChatSessionHost, session: Session, conversation: StoredConversation) {
    this.#host = host;
    this.#session = session;
    this.#conversation = conversation;
  }

  get messages(): readonly Message[] {
    return this.#conversation.messages;
  }

  get tools(): ChatOptions["tools"] {
    return this.#conversation.options.tools;
  }

  chat(more: readonly Message[] = [], options: ChatOptions = {}): ChatStream {
    const request = this.#request(more, options);
    return chatStream(this.#generate(request), request.n);
  }

  runTools(more: readonly Message[], options: RunToolsOptions): ToolRun {
    return runTools((messages, each) => this.chat(messages, each), more, options);
  }

  async extend(more: readonly Message[], { signal }: Pick<ChatOptions, "signal"> = {}): Promise<ChatSession> {
    const { messages, options } = this.#conversation;
    const tokens = beginningOf(this.#request(more, {}));
    const rest = restAfter(this.#session.tokens, tokens);
    const session =
      rest === undefined
        ? await this.#host.engine.openSession(tokens, { signal })
        : await this.#session.extend(rest, { signal });
    return new KeptChatSession(this.#host, session, { messages: [...messages, ...more], options });
  }

  fork(): ChatSession {
    return new KeptChatSession(this.#host, this.#session.fork(), this.#conversation);
  }

  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#session.save({ metadata: this.#conversation });
  }

  close(): void {
    this.#session.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #request(more: readonly Message[], options: ChatOptions): GenerateRequest {
    const { messages, options: own } = this.#conversation;
    return this.#host.request([...messages, ...more], { ...own, ...options });
  }

  #generate(request: GenerateRequest): GenerateStream {
    const rest = restAfter(this.#session.tokens, request.prompt);
    // Templates may write the beginning anew when something follows; a session of it is then no use.
    return rest === undefined
      ? this.#host.engine.generate(request)
      : this.#session.generate({ ...request, prompt: rest });
  }
}

/** The prompt but for what starts the answer, which a later prompt has elsewhere. */
function beginningOf({ prompt, snapshotAt = [] }: GenerateRequest): readonly number[] {
  return prompt.slice(0, snapshotAt.at(-1) ?? prompt.length);
}

/** What follows `beginning` in `tokens`; undefined if they do not begin with it. */
function restAfter(beginning: readonly number[], tokens: readonly number[]): readonly number[] | undefined {
  const begins = beginning.length <= tokens.length && beginning.every((token, at) => token === tokens[at]);
  return begins ? tokens.slice(beginning.length) : undefined;
}
