import type { FinishEvent } from "krait";

/** What a person wrote. */
export interface UserTurn {
  readonly id: string;
  /** The turn that this one answers or follows; null for the first of a conversation. */
  readonly parent: string | null;
  readonly role: "user";
  readonly text: string;
  readonly createdAt: number;
}

/** What a model wrote, in one answer or in several with the results of its tool calls between them. */
export interface AssistantTurn {
  readonly id: string;
  readonly parent: string | null;
  readonly role: "assistant";
  readonly steps: readonly Step[];
  readonly state: "running" | "done" | "stopped" | "failed";
  /** Why it failed, for a person to read. */
  readonly error?: string | undefined;
  /** The name of the model, or "edited" where a person changed the text. */
  readonly author: string;
  readonly createdAt: number;
}

export type Turn = UserTurn | AssistantTurn;

/** One answer of the model within a turn. */
export interface Step {
  readonly reasoning: string;
  readonly text: string;
  readonly calls: readonly CallRecord[];
  readonly warnings: readonly string[];
  /** Recorded where token probabilities are asked for. */
  readonly tokens: readonly TokenRecord[];
  readonly tokenCount: number;
  readonly reasoningTokenCount: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly firstTokenAt?: number | undefined;
  readonly lastTokenAt?: number | undefined;
  readonly reasoningEndedAt?: number | undefined;
  /** How far the prompt has been read, in tokens. */
  readonly prefill?: { readonly tokens: number; readonly totalTokens: number } | undefined;
  readonly finish?: Finish | undefined;
}

export interface Finish {
  readonly reason: FinishEvent["finishReason"];
  readonly reasoningEnd: FinishEvent["reasoningEnd"];
  readonly usage: FinishEvent["usage"];
  readonly prefillSeconds: number;
  readonly decodeSeconds: number;
}

/** A call that the model makes of a tool, while it writes it and after. */
export interface CallRecord {
  readonly index: number;
  /** By which its result refers to it; known once the call is complete. */
  readonly id: string | undefined;
  readonly name: string;
  /** JSON, as far as it is written. */
  readonly arguments: string;
  readonly state: "writing" | "calling" | "done" | "failed";
  readonly result?: unknown;
}

/** A token with the most likely ones in its place. */
export interface TokenRecord {
  readonly text: string;
  readonly reasoning: boolean;
  /** Put there by the engine, to end the reasoning. */
  readonly forced: boolean;
  /** Natural logarithm of its probability; undefined for a forced one. */
  readonly logprob: number | undefined;
  readonly candidates: readonly { readonly text: string; readonly logprob: number }[];
}

export function emptyStep(now: number): Step {
  return {
    reasoning: "",
    text: "",
    calls: [],
    warnings: [],
    tokens: [],
    tokenCount: 0,
    reasoningTokenCount: 0,
    startedAt: now,
  };
}

/** The answer as a person reads it: the texts of all steps. */
export function textOf(turn: Turn): string {
  if (turn.role === "user") return turn.text;
  return turn.steps
    .map(({ text }) => text.trim())
    .filter((text) => text !== "")
    .join("\n\n");
}
