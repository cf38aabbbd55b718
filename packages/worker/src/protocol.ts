// What a page and its worker say to each other. Every message names its connection, so that one port can serve
// several models, and may carry what is not ours beside them. The port keeps messages in order, and so
// progress, events and the answer of a request arrive as they were sent.

import type { EngineStats, GenerateEvent } from "@krait/engine";
import type { Architecture, MemoryPlan } from "@krait/models";
import type { SamplingOptions } from "@krait/sampler";
import type { Backend } from "@krait/tensor";
import type { ChatSession } from "krait";
import type { ErrorRecord } from "./error-transfer.ts";
import type { StepTimes } from "./step-times.ts";

/** Raised when messages change. Page and worker may come from different builds: a SharedWorker outlives a reload. */
export const PROTOCOL_VERSION = 2;

/** What a page learns of a model when it is loaded: everything that does not change. */
export interface ModelInfo {
  /** What a GGUF file calls it, or where it was loaded from. */
  readonly name: string;
  readonly architecture: Pick<Architecture, "name" | "vocabularySize" | "maxContext" | "summary">;
  readonly memory: MemoryPlan;
  /** Positions of the longest conversation, its answers included. */
  readonly maxContext: number;
  readonly backend: Pick<Backend, "name" | "software" | "synchronous" | "kvDtype" | "limits">;
  /** The tokens at which the model ends its turn. */
  readonly endTokens: readonly number[];
  readonly defaults: SamplingOptions | undefined;
}

export interface ModelStats extends EngineStats {
  /** Sequences and snapshots that still find room. */
  readonly freeSlots: number;
  /** Pages of keys and values that are not in use. */
  readonly freePages: number;
}

/** A session of the connection that asked for it. */
export interface SessionInfo extends Pick<ChatSession, "messages" | "tools"> {
  /** By which the page names it. */
  readonly id: number;
}

/** What is said after the messages of a session. */
export interface Continuation {
  readonly id: number;
  readonly more: readonly unknown[];
}

/** What can be asked of a worker, and what comes back at the end. Options are those of `krait`, as far as they can be cloned. */
export interface Methods {
  load(location: unknown, options: object): ModelInfo;
  chat(messages: readonly unknown[], options: object): void;
  complete(text: string, options: object): void;
  openSession(messages: readonly unknown[], options: object): SessionInfo;
  loadSession(bytes: Uint8Array): SessionInfo;
  chatSession(continuation: Continuation, options: object): void;
  extendSession(continuation: Continuation): SessionInfo;
  forkSession(id: number): SessionInfo;
  saveSession(id: number): Uint8Array<ArrayBuffer>;
  closeSession(id: number): void;
  tokenize(text: string, options: object): number[];
  tokenTexts(ids: readonly number[]): string[];
  countTokens(messages: readonly unknown[], options: object): number;
  stats(): ModelStats;
  stepTimes(): StepTimes | undefined;
  dispose(): void;
}

export type Method = keyof Methods;

interface Addressed {
  readonly krait: number;
  readonly connection: string;
}

export interface RequestMessage extends Addressed {
  readonly type: "request";
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
  /** Names of the `on…` options that are to be called on the page. */
  readonly callbacks: readonly string[];
}

/** Nobody waits for this request any more. */
export interface AbortMessage extends Addressed {
  readonly type: "abort";
  readonly id: number;
}

export interface EndThinkingMessage extends Addressed {
  readonly type: "end-thinking";
  readonly id: number;
}

/** The worker has begun to listen to this connection. */
export interface HelloMessage extends Addressed {
  readonly type: "hello";
  /** The lock that the worker holds for as long as it lives; undefined where there are no locks. */
  readonly lock: string | undefined;
}

export interface EventMessage extends Addressed {
  readonly type: "event";
  readonly id: number;
  readonly event: GenerateEvent;
}

export interface CallbackMessage extends Addressed {
  readonly type: "callback";
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface DoneMessage extends Addressed {
  readonly type: "done";
  readonly id: number;
  readonly value: unknown;
}

export interface FailedMessage extends Addressed {
  readonly type: "failed";
  readonly id: number;
  readonly error: ErrorRecord;
}

/** The model's device is gone. */
export interface LostMessage extends Addressed {
  readonly type: "lost";
  readonly error: ErrorRecord;
}

export type ToWorker = RequestMessage | AbortMessage | EndThinkingMessage;
export type ToPage =
  | HelloMessage
  | EventMessage
  | CallbackMessage
  | DoneMessage
  | FailedMessage
  | LostMessage;

/** A message as its sender writes it, without the address. */
export type Unaddressed<Message> = Message extends Addressed ? Omit<Message, keyof Addressed> : never;

/** Whether a message is of this protocol, in whatever version. */
export function isAddressed(message: unknown): message is Addressed {
  const { krait, connection } = (message ?? {}) as Partial<Addressed>;
  return typeof krait === "number" && typeof connection === "string";
}
