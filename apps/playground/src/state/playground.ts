import type { StepTimes } from "@krait/worker";
import { detectCapabilities } from "../capabilities/capabilities.ts";
import { shownPath } from "../conversation/conversation.ts";
import { emptyStep } from "../conversation/turn.ts";
import { browserCache, isPartOf, type ModelCache } from "../model/model-cache.ts";
import type { ModelHost } from "../model/model-host.ts";
import { type LoadChoice, ModelSession } from "../model/model-session.ts";
import { type ModelSource, sourceOfAddress } from "../model/model-source.ts";
import type { Settings } from "../settings/settings.ts";
import { executableTools } from "../tools/executable-tools.ts";
import { type Action, type AppState, initialState, reduce } from "./app-state.ts";
import { GenerationSession } from "./generation-session.ts";
import { createStore, type Store } from "./store.ts";

const MOST_RECENT_MODELS = 6;

/** All that a person can do here. */
export class Playground {
  readonly store: Store<AppState, Action>;
  /** The models that have been downloaded. */
  readonly cache: ModelCache;
  readonly #models: ModelSession;
  readonly #generation: GenerationSession;

  constructor(host: ModelHost, settings: Settings, cache: ModelCache = browserCache()) {
    this.cache = cache;
    this.store = createStore(reduce, initialState(settings, crypto.randomUUID(), Date.now()));
    this.#models = new ModelSession(host, (model) => this.store.dispatch({ type: "model-changed", model }));
    this.#generation = new GenerationSession(this.store, this.#models, ({ settings }) =>
      settings.toolsEnabled ? executableTools(settings.tools) : [],
    );
  }

  async loadModel(source: ModelSource): Promise<void> {
    this.#generation.stop();
    const { recentModels } = this.store.state;
    this.changeSettings({ lastModel: source.kind === "address" ? source.address : "" });
    if (source.kind === "address") {
      const recent = [source.address, ...recentModels.filter((each) => each !== source.address)];
      this.store.dispatch({
        type: "recent-models-changed",
        recentModels: recent.slice(0, MOST_RECENT_MODELS),
      });
    }
    await this.#models.load(source, await this.#loadChoice());
  }

  /** The model that was loaded last if it has an address, else the embedded one. */
  async loadLastModel(): Promise<void> {
    await this.loadModel(sourceOfAddress(this.store.state.settings.lastModel) ?? { kind: "embedded" });
  }

  /** Deletes a model that was downloaded, which the next visit does not bring back by itself. */
  async deleteModel(address: string): Promise<void> {
    await this.cache.remove(address);
    const { settings, recentModels } = this.store.state;
    if (isPartOf(settings.lastModel, address)) this.changeSettings({ lastModel: "" });
    const others = recentModels.filter((each) => !isPartOf(each, address));
    this.store.dispatch({ type: "recent-models-changed", recentModels: others });
  }

  pauseLoading(): void {
    this.#models.pause();
  }

  async resumeLoading(): Promise<void> {
    await this.#models.resume();
  }

  /**
   * What the ops of the next step take, while an answer is generated.
   *
   * @returns undefined where what computes cannot tell, or nothing does.
   */
  async stepTimes(signal: AbortSignal): Promise<StepTimes | undefined> {
    return await this.#models.model?.stepTimes(signal);
  }

  /** Says something at the end of what is shown, and has it answered. */
  async send(text: string): Promise<void> {
    const parent = shownPath(this.#current).at(-1)?.id ?? null;
    await this.#say(text, parent);
  }

  /** Says something else in the place of a turn, on a branch of its own. What a model said is not answered. */
  async edit(id: string, text: string): Promise<void> {
    const turn = this.#current.turns[id];
    if (turn === undefined) return;
    if (turn.role === "user") return await this.#say(text, turn.parent);
    const now = Date.now();
    const edited = {
      ...turn,
      id: crypto.randomUUID(),
      author: "edited",
      state: "done",
      createdAt: now,
    } as const;
    this.#dispatchTurn({ ...edited, error: undefined, steps: [{ ...emptyStep(now), text }] });
  }

  /** Has a turn of the model's, or the one after a turn of a person's, written anew on a branch of its own. */
  async regenerate(id: string): Promise<void> {
    const turn = this.#current.turns[id];
    if (turn === undefined) return;
    await this.#generation.answer(this.#current.id, turn.role === "user" ? turn.id : turn.parent);
  }

  /** What is said next follows this turn, on a branch of its own. */
  branchAfter(id: string): void {
    this.store.dispatch({ type: "branch-begun", conversation: this.#current.id, turn: id });
  }

  showTurn(id: string): void {
    this.store.dispatch({ type: "turn-shown", conversation: this.#current.id, turn: id });
  }

  removeTurn(id: string): void {
    if (this.store.state.generating !== undefined) return;
    this.store.dispatch({ type: "turn-removed", conversation: this.#current.id, turn: id });
  }

  stop(): void {
    this.#generation.stop();
  }

  endThinking(): void {
    this.#generation.endThinking();
  }

  startConversation(): void {
    if (Object.keys(this.#current.turns).length === 0) return;
    this.store.dispatch({ type: "conversation-started", id: crypto.randomUUID(), at: Date.now() });
  }

  openConversation(id: string): void {
    this.store.dispatch({ type: "conversation-opened", id });
  }

  deleteConversation(id: string): void {
    if (this.store.state.generating?.conversation === id) this.#generation.stop();
    const replacement = crypto.randomUUID();
    this.store.dispatch({ type: "conversation-deleted", id, replacement, at: Date.now() });
  }

  changeSettings(settings: Partial<Settings>): void {
    this.store.dispatch({ type: "settings-changed", settings });
  }

  get #current() {
    return this.store.state.conversations[this.store.state.current]!;
  }

  async #say(text: string, parent: string | null): Promise<void> {
    if (text.trim() === "" || this.store.state.generating !== undefined) return;
    const turn = { id: crypto.randomUUID(), parent, role: "user", text, createdAt: Date.now() } as const;
    const { id } = this.#current;
    this.#dispatchTurn(turn);
    await this.#generation.answer(id, turn.id);
  }

  #dispatchTurn(turn: Extract<Action, { type: "turn-added" }>["turn"]): void {
    this.store.dispatch({ type: "turn-added", conversation: this.#current.id, turn });
  }

  async #loadChoice(): Promise<LoadChoice> {
    const capabilities = this.store.state.capabilities ?? (await detectCapabilities());
    this.store.dispatch({ type: "capabilities-detected", capabilities });
    return { ...this.store.state.settings, capabilities };
  }
}
