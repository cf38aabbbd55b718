import type { ExecutableTool, ToolRun } from "krait";
import { pathTo } from "../conversation/conversation.ts";
import { messagesOf } from "../conversation/messages.ts";
import type { AssistantTurn } from "../conversation/turn.ts";
import { failureText } from "../model/failure-text.ts";
import type { HostedModel } from "../model/model-host.ts";
import type { ModelSession } from "../model/model-session.ts";
import { chatOptionsOf } from "../settings/chat-options.ts";
import type { Action, AppState } from "./app-state.ts";
import { EventGatherer } from "./event-gatherer.ts";
import type { Store } from "./store.ts";
import { TokenTexts } from "./token-texts.ts";

/** Losses of a device that an answer survives. */
const MOST_RECOVERIES = 2;

/** Generates one answer at a time into a turn of a conversation. */
export class GenerationSession {
  readonly #store: Store<AppState, Action>;
  readonly #models: ModelSession;
  readonly #toolsOf: (state: AppState) => readonly ExecutableTool[];
  #abort: AbortController | undefined;
  #run: ToolRun | undefined;

  constructor(
    store: Store<AppState, Action>,
    models: ModelSession,
    toolsOf: (state: AppState) => readonly ExecutableTool[],
  ) {
    this.#store = store;
    this.#models = models;
    this.#toolsOf = toolsOf;
  }

  /** Answers a turn, or begins the conversation for null. How it ends is in the turn, and never thrown. */
  async answer(conversation: string, parent: string | null): Promise<void> {
    const model = this.#models.model;
    if (model === undefined || this.#abort !== undefined) return;
    const abort = new AbortController();
    this.#abort = abort;
    const turn: AssistantTurn = {
      id: crypto.randomUUID(),
      parent,
      role: "assistant",
      steps: [],
      state: "running",
      author: model.name,
      createdAt: Date.now(),
    };
    this.#store.dispatch({ type: "generation-started", conversation, turn });
    try {
      await this.#generateThroughLosses(model, conversation, parent, abort.signal);
      this.#store.dispatch({ type: "generation-ended", state: "done" });
    } catch (error) {
      const ended = abort.signal.aborted
        ? ({ state: "stopped" } as const)
        : ({ state: "failed", error: failureText(error) } as const);
      this.#store.dispatch({ type: "generation-ended", ...ended });
    } finally {
      this.#abort = undefined;
      this.#run = undefined;
    }
  }

  stop(): void {
    this.#abort?.abort();
  }

  endThinking(): void {
    this.#run?.endThinking();
  }

  /** When the device is lost, the model is loaded again and the answer begins anew. */
  async #generateThroughLosses(
    first: HostedModel,
    conversation: string,
    parent: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    let model = first;
    for (let recoveries = 0; ; recoveries++) {
      let loss: Error | undefined;
      void model.lost.then((error) => {
        loss = error;
      });
      try {
        return await this.#generate(model, conversation, parent, signal);
      } catch (error) {
        if (signal.aborted || recoveries === MOST_RECOVERIES) throw error;
        // The generation may hear of the loss before the model says so.
        if (loss === undefined && isLoss(error)) loss = error as Error;
        if (loss === undefined) throw error;
        const recovered = await this.#models.recover(loss);
        if (recovered === undefined) throw error;
        model = recovered;
        signal.throwIfAborted();
        this.#store.dispatch({ type: "generation-restarted" });
      }
    }
  }

  async #generate(
    model: HostedModel,
    conversation: string,
    parent: string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { settings, conversations } = this.#store.state;
    const path = pathTo(conversations[conversation]!, parent);
    const run = model.runTools(messagesOf(path, settings.systemPrompt), {
      ...chatOptionsOf(settings),
      tools: this.#toolsOf(this.#store.state),
      signal,
    });
    this.#run = run;
    const texts = new TokenTexts(model);
    const gatherer = new EventGatherer(async (events) => {
      this.#store.dispatch({ type: "generation-advanced", events: await texts.record(events) });
    });
    try {
      for await (const event of run) gatherer.add(event);
    } finally {
      await gatherer.flush();
    }
  }
}

function isLoss(error: unknown): boolean {
  return ["BACKEND_LOST", "WORKER_LOST"].includes((error as { code?: string } | undefined)?.code ?? "");
}
