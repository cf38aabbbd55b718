import type { GenerateEvent } from "@krait/engine";
import { notCloneable } from "./crossing.ts";
import { errorOfRecord } from "./error-transfer.ts";
import { listen, type NodePort, type WebPort } from "./port.ts";
import { holdPresence, whenAbsent } from "./presence.ts";
import {
  isAddressed,
  type Method,
  type Methods,
  PROTOCOL_VERSION,
  type ToPage,
  type ToWorker,
  type Unaddressed,
} from "./protocol.ts";
import { randomName } from "./random-name.ts";
import { WorkerError } from "./worker-error.ts";

/** What a request hears before its answer. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly callbacks?: Readonly<Record<string, (...args: readonly unknown[]) => void>>;
  readonly onEvent?: (event: GenerateEvent) => void;
}

interface Pending extends RequestOptions {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A request on its way. */
export interface OpenRequest<Answer> {
  readonly id: number;
  readonly answer: Promise<Answer>;
}

/** The page's end of what it has to do with one model in a worker. */
export class Connection {
  /** Settles when the worker or the model's device is gone. */
  readonly lost: Promise<Error>;
  readonly #id = randomName("krait-page");
  readonly #port: WebPort | NodePort;
  readonly #pending = new Map<number, Pending>();
  readonly #closing = new AbortController();
  readonly #stopListening: () => void;
  #requests = 0;
  #hasAnswered = false;
  /** Why nothing can be asked any more. */
  #end: Error | undefined;
  #leave: (() => void) | undefined;
  #reportLost: (error: Error) => void = () => {};

  private constructor(port: WebPort | NodePort) {
    this.#port = port;
    this.lost = new Promise((resolve) => {
      this.#reportLost = resolve;
    });
    this.#stopListening = listen(port, {
      message: (message) => this.#receive(message),
      ended: (cause) => this.fail(cause),
      // A worker that has answered lives, and what somebody's code threw in it is not our business.
      failed: (cause) => this.#hasAnswered || this.fail(cause),
    });
  }

  /** The worker may hear of the connection once the page's presence can be watched. */
  static async open(port: WebPort | NodePort): Promise<Connection> {
    const connection = new Connection(port);
    connection.#leave = await holdPresence(connection.#id);
    return connection;
  }

  /** Asks the worker. The answer rejects with the signal's reason as soon as it is aborted. */
  request<M extends Method>(
    method: M,
    args: Parameters<Methods[M]>,
    options: RequestOptions = {},
  ): OpenRequest<ReturnType<Methods[M]>> {
    const id = ++this.#requests;
    const { signal, callbacks = {} } = options;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#pending.delete(id);
        this.send({ type: "abort", id });
        reject(signal!.reason);
      };
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener("abort", onAbort);
          settle(value);
        };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#pending.set(id, { ...options, resolve: settled(resolve), reject: settled(reject) });
      try {
        this.send({ type: "request", id, method, args, callbacks: Object.keys(callbacks) });
      } catch (cause) {
        this.#take(id)?.reject(notCloneable(method, args, cause));
      }
    });
    return { id, answer: answer as Promise<ReturnType<Methods[M]>> };
  }

  /** @throws what `postMessage` throws for what cannot be cloned. */
  send(message: Unaddressed<ToWorker>): void {
    this.#port.postMessage({ krait: PROTOCOL_VERSION, connection: this.#id, ...message });
  }

  /** The worker is gone: everything pending rejects. */
  fail(cause?: unknown): void {
    const reason = cause instanceof Error ? ` ${cause.message}` : "";
    const what = this.#hasAnswered ? "The worker ended." : "The worker did not start.";
    this.#close(new WorkerError("WORKER_LOST", `${what}${reason}`, {}, { cause }));
    this.#reportLost(this.#end!);
  }

  /** The model has been given up: everything pending rejects, and the worker is told by the lock's end. */
  dispose(): void {
    this.#close(new WorkerError("MODEL_DISPOSED", "This model has been disposed of."));
  }

  #close(end: Error): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stopListening();
    this.#closing.abort();
    this.#leave?.();
    for (const { reject } of this.#pending.values()) reject(end);
    this.#pending.clear();
  }

  #receive(message: unknown): void {
    if (!isAddressed(message) || message.connection !== this.#id) return;
    if (message.krait !== PROTOCOL_VERSION) {
      this.#close(otherVersion(message.krait));
      return;
    }
    this.#hasAnswered = true;
    const received = message as ToPage;
    switch (received.type) {
      case "hello":
        if (received.lock !== undefined) whenAbsent(received.lock, () => this.fail(), this.#closing.signal);
        break;
      case "event":
        this.#pending.get(received.id)?.onEvent?.(received.event);
        break;
      case "callback":
        this.#pending.get(received.id)?.callbacks?.[received.name]?.(...received.args);
        break;
      case "done":
        this.#take(received.id)?.resolve(received.value);
        break;
      case "failed":
        this.#take(received.id)?.reject(errorOfRecord(received.error));
        break;
      case "lost":
        this.#reportLost(errorOfRecord(received.error));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function otherVersion(actual: number): WorkerError {
  return new WorkerError(
    "WORKER_PROTOCOL",
    `The worker speaks version ${actual} of the protocol, this page version ${PROTOCOL_VERSION}. ` +
      "Build both from one version of @krait/worker; close other tabs that hold an older shared worker.",
    { expected: PROTOCOL_VERSION, actual },
  );
}
