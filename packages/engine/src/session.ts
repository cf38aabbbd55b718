import type { EngineDevice } from "./engine-device.ts";
import { EngineError, isLoss } from "./errors.ts";
import type { GenerateStream } from "./generate-stream.ts";
import type { GenerateRequest } from "./request.ts";
import { decodeSession, encodeSession } from "./session-file.ts";
import type { Sequence, Snapshot } from "./state-pool.ts";
import { readStates, type StoredState, writeStates } from "./stored-states.ts";

/** A request that goes on from a session; its prompt is what comes after the session's tokens, if anything does. */
export type SessionRequest = Omit<GenerateRequest, "prompt"> & { readonly prompt?: readonly number[] };

/**
 * Tokens that have been read, with their states, to go on from as often as one likes: best of several, a
 * search over a tree, a conversation that is put away. A session never changes. Its states are those before
 * its last token, whose logits start every answer; when the backend is lost they are read again.
 */
export interface Session extends Disposable {
  readonly tokens: readonly number[];
  /** What was stored with it; undefined for a session that was opened here. */
  readonly metadata: unknown;
  /** Continues the session; for the penalties of sampling its tokens count as a prompt. */
  generate(request?: SessionRequest): GenerateStream;
  /** The session that has read these tokens, too. This one stays. */
  extend(
    tokens: readonly number[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Session>;
  /** A second hold on the same states, to be closed on its own. */
  fork(): Session;
  /**
   * The session as a file, for this model on any backend; see {@link Engine.loadSession}.
   *
   * @param options.metadata - stored with it: a JSON value, such as the conversation that the tokens are of.
   */
  save(options?: { readonly metadata?: unknown }): Promise<Uint8Array<ArrayBuffer>>;
  /** Gives its states back. Answers that are under way go on. */
  close(): void;
}

/** What sessions need of their engine. */
export interface SessionHost {
  readonly device: EngineDevice;
  /** Of the model; the same on every backend. */
  readonly fingerprint: string;
  /**
   * @param from - where the beginning of the prompt is kept.
   * @param keep - given the sequence when all but the last token of the prompt has been read.
   */
  generate(
    request: GenerateRequest,
    from: Snapshot | undefined,
    keep?: (sequence: Sequence) => void,
  ): GenerateStream;
}

/** States that several sessions may hold. */
interface SharedStates {
  readonly device: EngineDevice;
  readonly snapshot: Snapshot;
  owners: number;
}

/** Reads tokens, and keeps their states. */
export async function openSession(
  host: SessionHost,
  tokens: readonly number[],
  signal?: AbortSignal,
  from?: Snapshot,
): Promise<Session> {
  let kept: SharedStates | undefined;
  let failure: { readonly error: unknown } | undefined;
  const release = (): void => {
    if (kept?.device === host.device) host.device.executor.pool.close(kept.snapshot);
    kept = undefined;
  };
  const keep = (sequence: Sequence): void => {
    // After a failure the prompt is read again, and what it had left is not to be trusted.
    release();
    const { device } = host;
    try {
      kept = { device, snapshot: takeSnapshot(device, sequence), owners: 1 };
      failure = undefined;
    } catch (error) {
      failure = { error };
    }
  };
  const request = { prompt: tokens, format: "text", maxTokens: 1, signal } as const;
  // The one token that is drawn on the way is nobody's.
  try {
    for await (const _ of host.generate(request, from, keep));
  } catch (error) {
    release();
    throw error;
  }
  if (failure !== undefined) throw failure.error;
  return new KeptSession(host, tokens, kept!);
}

/** @throws {EngineError} `SESSION_INVALID`, or what says that there is no room. */
export function loadSession(host: SessionHost, bytes: Uint8Array): Session {
  const { device, fingerprint } = host;
  const file = decodeSession(bytes, fingerprint);
  const { pool } = device.executor;
  const length = file.tokens.length - 1;
  makeRoom(device, pool.pagesFor(length));
  const snapshot = pool.emptySnapshot(length);
  try {
    writeStates(pool, snapshot, file.states);
  } catch (error) {
    // On a backend that is lost they will be read again, as those of every other session.
    if (!isLoss(error)) {
      pool.close(snapshot);
      throw error;
    }
  }
  return new KeptSession(host, file.tokens, { device, snapshot, owners: 1 }, file.metadata);
}

class KeptSession implements Session {
  readonly tokens: readonly number[];
  readonly metadata: unknown;
  readonly #host: SessionHost;
  readonly #states: SharedStates;
  #isClosed = false;

  constructor(host: SessionHost, tokens: readonly number[], states: SharedStates, metadata?: unknown) {
    this.#host = host;
    this.tokens = tokens;
    this.metadata = metadata;
    this.#states = states;
  }

  generate({ prompt = [], ...request }: SessionRequest = {}): GenerateStream {
    this.#requireOpen();
    return this.#host.generate({ ...request, prompt: [...this.tokens, ...prompt] }, this.#states.snapshot);
  }

  async extend(
    tokens: readonly number[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Session> {
    this.#requireOpen();
    return await openSession(this.#host, [...this.tokens, ...tokens], signal, this.#states.snapshot);
  }

  fork(): Session {
    this.#requireOpen();
    this.#states.owners++;
    return new KeptSession(this.#host, this.tokens, this.#states, this.metadata);
  }

  async save({
    metadata = this.metadata,
  }: {
    readonly metadata?: unknown;
  } = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.#requireOpen();
    const states = await this.#read();
    if (states === undefined) {
      using again = await openSession(this.#host, this.tokens);
      return await again.save({ metadata });
    }
    return encodeSession({ tokens: this.tokens, states, metadata }, this.#host.fingerprint);
  }

  /** Its states; undefined when they went with a backend that was lost. */
  async #read(): Promise<StoredState[] | undefined> {
    const { device, snapshot } = this.#states;
    if (device !== this.#host.device) return undefined;
    try {
      return await readStates(device.executor.pool, snapshot);
    } catch (error) {
      if (isLoss(error)) return undefined;
      throw error;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { device, snapshot } = this.#states;
    if (--this.#states.owners > 0 || device !== this.#host.device) return;
    device.executor.pool.close(snapshot);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new EngineError("SEQUENCE_CLOSED", "This session has been closed.", { kind: "session" });
  }
}

/** A snapshot that may take the place of one in the prefix cache. */
function takeSnapshot(device: EngineDevice, sequence: Sequence): Snapshot {
  makeRoom(device, 0);
  return device.executor.pool.snapshot(sequence);
}

function makeRoom({ executor, cache }: EngineDevice, pages: number): void {
  const { pool } = executor;
  while (pool.snapshots.held >= pool.snapshots.capacity && cache?.freeSnapshot());
  while (pool.freePages < pages && cache?.freePages());
}
