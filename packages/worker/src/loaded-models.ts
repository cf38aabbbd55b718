import type { ChatModel, LoadModelOptions } from "krait";
import { unlessAborted } from "./unless-aborted.ts";

/** Loads a model; `loadModel` of `krait`, unless a worker is given another. */
export type Loader = (location: never, options: LoadModelOptions) => Promise<ChatModel>;

/** Called for each function of the load's options, by its name. */
export type Report = (name: string, args: readonly unknown[]) => void;

/**
 * The functions that a load reports to whoever wants it: a page that comes later may want other ones than the
 * first, and loading is under way by then.
 */
const reported = [
  "onProgress",
  "onDownload",
  "onBackend",
  "onQuantized",
] as const satisfies (keyof LoadModelOptions)[];

/** What one connection asks to be loaded. */
export interface LoadRequest {
  readonly location: unknown;
  /** Without functions. */
  readonly options: object;
  /** Names of the functions among the options. */
  readonly callbacks: readonly string[];
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** A model, for as long as one connection wants it. */
export interface Hold {
  readonly model: ChatModel;
  /** Frees the model when this was the last hold on it. */
  release(): Promise<void>;
}

interface Entry {
  readonly key: unknown;
  readonly loading: Promise<ChatModel>;
  readonly giveUp: AbortController;
  readonly reports: Set<Report>;
}

/** The models of a worker: one that several ask for is loaded once, and freed when the last lets go of it. */
export class LoadedModels {
  readonly #load: Loader;
  readonly #entries = new Map<unknown, Entry>();

  constructor(load: Loader) {
    this.#load = load;
  }

  /** @throws what loading throws; the signal's reason. Loading goes on while another waits for it. */
  async take(request: LoadRequest): Promise<Hold> {
    const { report, signal } = request;
    signal.throwIfAborted();
    const key = keyOf(request);
    const entry = this.#entries.get(key) ?? this.#start(key, request);
    entry.reports.add(report);
    const release = (): Promise<void> => this.#release(entry, report);
    try {
      return { model: await unlessAborted(entry.loading, signal), release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #start(key: unknown, { location, options, callbacks }: LoadRequest): Entry {
    const giveUp = new AbortController();
    const reports = new Set<Report>();
    const functions = [...new Set([...reported, ...callbacks])].map((name) => [
      name,
      (...args: readonly unknown[]) => {
        for (const report of reports) report(name, args);
      },
    ]);
    const loading = this.#load(location as never, {
      ...options,
      ...Object.fromEntries(functions),
      signal: giveUp.signal,
    });
    const entry: Entry = { key, loading, giveUp, reports };
    this.#entries.set(key, entry);
    return entry;
  }

  async #release(entry: Entry, report: Report): Promise<void> {
    if (!entry.reports.delete(report) || entry.reports.size > 0) return;
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    entry.giveUp.abort();
    const model = await entry.loading.catch(() => undefined);
    await model?.[Symbol.asyncDispose]();
  }
}

/** The same for requests that may share a model. Blobs have no name by which to tell that they are the same. */
function keyOf({ location, options }: LoadRequest): unknown {
  if (location !== undefined && typeof location !== "string") return Symbol("blobs");
  const entries = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([location ?? null, entries]);
}
