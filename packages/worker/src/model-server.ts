import { Client } from "./client.ts";
import type { LoadedModels } from "./loaded-models.ts";
import { listen, type NodePort, type WebPort } from "./port.ts";
import { holdPresence, whenAbsent } from "./presence.ts";
import { isAddressed, PROTOCOL_VERSION, type ToPage, type ToWorker, type Unaddressed } from "./protocol.ts";
import { randomName } from "./random-name.ts";

/** The worker's end of one port: a client for each connection that speaks through it. */
export class ModelServer {
  readonly #port: WebPort | NodePort;
  readonly #models: LoadedModels;
  readonly #clients = new Map<string, Client>();

  constructor(port: WebPort | NodePort, models: LoadedModels) {
    this.#port = port;
    this.#models = models;
    listen(port, {
      message: (message) => this.#receive(message),
      ended: () => {
        for (const connection of this.#clients.keys()) this.#leave(connection);
      },
    });
  }

  #receive(message: unknown): void {
    if (!isAddressed(message)) return;
    const { krait, connection } = message;
    // Whatever a page of another version wants, it can read the version of the answer.
    if (krait !== PROTOCOL_VERSION) {
      this.#send(connection, { type: "hello", lock: undefined });
      return;
    }
    const client = this.#clients.get(connection) ?? this.#welcome(connection);
    client.receive(message as ToWorker);
  }

  #welcome(connection: string): Client {
    const client = new Client(this.#models, (message) => this.#send(connection, message));
    this.#clients.set(connection, client);
    whenAbsent(connection, () => this.#leave(connection), client.left);
    presence().then((lock) => {
      this.#send(connection, { type: "hello", lock });
    });
    return client;
  }

  #leave(connection: string): void {
    const client = this.#clients.get(connection);
    this.#clients.delete(connection);
    client?.leave();
  }

  #send(connection: string, message: Unaddressed<ToPage>): void {
    this.#port.postMessage({ krait: PROTOCOL_VERSION, connection, ...message });
  }
}

let lock: Promise<string | undefined> | undefined;

/** The lock that this thread holds while it lives. */
function presence(): Promise<string | undefined> {
  const name = randomName("krait-worker");
  lock ??= holdPresence(name).then((held) => held && name);
  return lock;
}
