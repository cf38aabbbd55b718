import type { ChatStream } from "krait";
import { joinOptions } from "./crossing.ts";
import { recordOfError } from "./error-transfer.ts";
import { HeldSessions } from "./held-sessions.ts";
import type { Hold, LoadedModels, LoadRequest } from "./loaded-models.ts";
import { infoOf, methods, type RequestContext } from "./methods.ts";
import type { ModelInfo, RequestMessage, ToPage, ToWorker, Unaddressed } from "./protocol.ts";
import { WorkerError } from "./worker-error.ts";

interface Running {
  readonly aborting: AbortController;
  stream?: ChatStream;
}

/** One connection, seen from the worker: its requests under way, and its hold on a model. */
export class Client {
  readonly #models: LoadedModels;
  readonly #send: (message: Unaddressed<ToPage>) => void;
  readonly #running = new Map<number, Running>();
  readonly #sessions = new HeldSessions();
  readonly #leaving = new AbortController();
  #hold: Hold | undefined;

  constructor(models: LoadedModels, send: (message: Unaddressed<ToPage>) => void) {
    this.#models = models;
    this.#send = send;
  }

  /** Aborted when the connection has ended. */
  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  receive(message: ToWorker): void {
    if (message.type === "request") this.#run(message);
    else if (message.type === "abort") this.#running.get(message.id)?.aborting.abort();
    else this.#running.get(message.id)?.stream?.endThinking();
  }

  /** The connection is gone: ends its requests and lets go of its model. */
  leave(): void {
    this.#leaving.abort();
    for (const { aborting } of this.#running.values()) aborting.abort();
    this.#release().catch(() => {});
  }

  async #run(request: RequestMessage): Promise<void> {
    const { id } = request;
    const running: Running = { aborting: new AbortController() };
    this.#running.set(id, running);
    try {
      const value = await this.#answer(request, {
        signal: running.aborting.signal,
        sessions: this.#sessions,
        onEvent: (event) => this.#send({ type: "event", id, event }),
        onStream: (stream) => {
          running.stream = stream;
        },
      });
      this.#send({ type: "done", id, value });
    } catch (error) {
      this.#send({ type: "failed", id, error: recordOfError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(request: RequestMessage, context: RequestContext): Promise<unknown> {
    const { id, method, args, callbacks } = request;
    const report = (name: string, values: readonly unknown[]): void => {
      if (callbacks.includes(name)) this.#send({ type: "callback", id, name, args: values });
    };
    if (method === "load") {
      const [location, options] = args as [unknown, object];
      return await this.#load({ location, options, callbacks, report, signal: context.signal });
    }
    if (method === "dispose") return await this.#dispose();
    if (!Object.hasOwn(methods, method)) {
      throw new WorkerError("WORKER_PROTOCOL", `The worker does not know "${method}".`, { method });
    }
    if (this.#hold === undefined) throw disposed();
    const handle = methods[method] as (...args: readonly unknown[]) => unknown;
    const [input, options] = args;
    return await handle(
      this.#hold.model,
      context,
      input,
      joinOptions((options ?? {}) as object, callbacks, report),
    );
  }

  async #load(request: LoadRequest): Promise<ModelInfo> {
    const hold = await this.#models.take(request);
    if (this.left.aborted) {
      await hold.release();
      throw disposed();
    }
    this.#hold = hold;
    const { model } = hold;
    model.backend.lost.then((error) => this.#send({ type: "lost", error: recordOfError(error) }));
    return infoOf(model);
  }

  async #dispose(): Promise<void> {
    for (const { aborting } of this.#running.values()) aborting.abort(disposed());
    await this.#release();
  }

  async #release(): Promise<void> {
    const hold = this.#hold;
    this.#hold = undefined;
    this.#sessions.closeAll();
    await hold?.release();
  }
}

function disposed(): WorkerError {
  return new WorkerError("MODEL_DISPOSED", "This model has been disposed of.");
}
