import type { Capabilities } from "../capabilities/capabilities.ts";
import type { Settings } from "../settings/settings.ts";
import type { ModelFacts, ModelState } from "../state/model-state.ts";
import { failureText, messageOf } from "./failure-text.ts";
import type { HostedModel, HostLoadOptions, LoadProgress, ModelHost } from "./model-host.ts";
import type { ModelSource } from "./model-source.ts";
import { type Place, placesToTry } from "./places.ts";

/** What of the settings, and of the browser, decides how a model is loaded. */
export interface LoadChoice
  extends Pick<Settings, "backend" | "sharing" | "maxContext" | "branchMemory" | "hubAddress" | "hubToken"> {
  readonly capabilities: Capabilities;
}

/** A model, where it runs, and what is to be told of that. */
interface Loaded {
  readonly model: HostedModel;
  readonly place: Place;
  readonly notes: readonly string[];
  readonly notShared: string | undefined;
}

/** Loads one model at a time, and loads it again when its device is lost. */
export class ModelSession {
  readonly #host: ModelHost;
  readonly #report: (state: ModelState) => void;
  #model: HostedModel | undefined;
  #attempt = new AbortController();
  #last: { readonly source: ModelSource; readonly choice: LoadChoice } | undefined;
  #progress: LoadProgress | undefined;

  constructor(host: ModelHost, report: (state: ModelState) => void) {
    this.#host = host;
    this.#report = report;
  }

  /** The model that is ready. */
  get model(): HostedModel | undefined {
    return this.#model;
  }

  /** Loads a model in the place of the one that there is. How it ends is reported, and never thrown. */
  async load(source: ModelSource, choice: LoadChoice): Promise<void> {
    this.#last = { source, choice };
    this.#progress = undefined;
    await this.#start(source, choice, { status: "loading", source, progress: undefined });
  }

  /** Ends the loading. What has been downloaded is kept, and {@link resume} goes on from there. */
  pause(): void {
    if (this.#last === undefined || this.#model !== undefined) return;
    this.#attempt.abort();
    this.#report({ status: "paused", source: this.#last.source, progress: this.#progress });
  }

  async resume(): Promise<void> {
    if (this.#last === undefined) return;
    const { source, choice } = this.#last;
    await this.#start(source, choice, { status: "loading", source, progress: this.#progress });
  }

  /** Loads what was lost anew. @returns the model, or undefined when it cannot be had again. */
  async recover(reason: Error): Promise<HostedModel | undefined> {
    if (this.#last === undefined) return undefined;
    const { source, choice } = this.#last;
    await this.#start(source, choice, { status: "recovering", source, message: reason.message });
    return this.#model;
  }

  async #start(source: ModelSource, choice: LoadChoice, state: ModelState): Promise<void> {
    this.#attempt.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const previous = this.#model;
    this.#model = undefined;
    this.#report(state);
    await dispose(previous);
    try {
      const began = performance.now();
      const loaded = await this.#loadInFirst(source, choice, state, attempt.signal);
      if (attempt.signal.aborted) return await loaded.model[Symbol.asyncDispose]();
      this.#model = loaded.model;
      const loadSeconds = (performance.now() - began) / 1000;
      this.#report({ status: "ready", source, facts: factsOf(loaded, loadSeconds) });
    } catch (error) {
      // Whoever ended this attempt has reported what is the case now.
      if (attempt.signal.aborted) return;
      const message = failureText(error, choice.hubAddress || undefined);
      this.#report({ status: "failed", source, message });
    }
  }

  /** In the first place that takes it. What stops one may not stop the next: memory, a missing kernel, a driver. */
  async #loadInFirst(
    source: ModelSource,
    choice: LoadChoice,
    state: ModelState,
    signal: AbortSignal,
  ): Promise<Loaded> {
    const notes: string[] = [];
    let notShared: string | undefined;
    const { maxContext, branchMemory, hubAddress, hubToken } = choice;
    const options: Omit<HostLoadOptions, keyof Place> = {
      maxContext: maxContext ?? undefined,
      branchBytes: branchMemory === null ? undefined : branchMemory * 1e6,
      hubAddress: hubAddress || undefined,
      hubToken: hubToken || undefined,
      onProgress: (progress) => this.#onProgress(progress, state, signal),
      onNote: (note) => notes.push(note),
      signal,
    };
    const places = placesToTry(source, choice);
    for (const [index, place] of places.entries()) {
      signal.throwIfAborted();
      try {
        const model = await this.#host.load(source, { ...options, ...place });
        return { model, place, notes, notShared };
      } catch (error) {
        const isLast = index === places.length - 1;
        if (signal.aborted || isLast || !isOfPlace(error, place)) throw error;
        if (place.shared) notShared = messageOf(error);
        else notes.push(`Not on ${place.backend}: ${messageOf(error)}`);
      }
    }
    throw new Error("There is no place to try.");
  }

  #onProgress(progress: LoadProgress, state: ModelState, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#progress = progress;
    if (state.status === "loading") this.#report({ ...state, progress });
  }
}

/** Errors that another backend may not have, by the beginnings of their codes. */
const ofBackends = ["WEBGPU_", "WASM_", "BACKEND_", "OP_UNSUPPORTED", "MEMORY_", "NATIVE_"];

/** Whether it may be otherwise in another place. A shared worker may also be one that does not start. */
function isOfPlace(error: unknown, { shared }: Place): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== "string") return false;
  return ofBackends.some((prefix) => code.startsWith(prefix)) || (shared && code === "WORKER_LOST");
}

function factsOf({ model, place, notes, notShared }: Loaded, loadSeconds: number): ModelFacts {
  const { name, architecture, backend, maxContext, memory } = model;
  return {
    name,
    summary: architecture.summary,
    backend: backend.name,
    software: backend.software,
    kvDtype: backend.kvDtype,
    shared: place.shared,
    notShared,
    maxContext,
    memory,
    loadSeconds,
    notes,
  };
}

/** Frees a model. One whose device is gone has nothing to free, and may say so. */
async function dispose(model: HostedModel | undefined): Promise<void> {
  try {
    await model?.[Symbol.asyncDispose]();
  } catch {
    // The next model does not depend on how this one ended.
  }
}
