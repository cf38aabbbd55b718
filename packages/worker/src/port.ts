// One face for what messages can be sent through: web workers, shared workers, their global scopes, message
// ports, and the workers and ports of Node.

/** What the web has: a `Worker`, a `MessagePort`, or the global scope of a worker. */
export interface WebPort {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  /** Message ports hold back what arrives until they are started. */
  start?(): void;
}

/** What `node:worker_threads` has: a `Worker`, a `MessagePort`, or `parentPort`. */
export interface NodePort {
  postMessage(message: unknown): void;
  // biome-ignore lint/suspicious/noExplicitAny: Node's own types say any, and each event brings something else
  on(event: string, listener: (value: any) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: string, listener: (value: any) => void): unknown;
}

/** What the web has to be shared by several pages: messages go through its port, errors do not. */
export interface SharedWorkerLike {
  readonly port: WebPort;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

/** A worker that runs `serveModel`, or a port to one. */
export type WorkerLike = WebPort | NodePort | SharedWorkerLike;

/** The port through which a worker is spoken to. */
export function portOf(worker: WorkerLike): WebPort | NodePort {
  if (!("port" in worker)) return worker;
  const { port } = worker;
  // That its script could not be loaded is told to the worker and not to the port.
  const heardAt = (type: string) => (type === "error" ? worker : port);
  return {
    postMessage: (message) => port.postMessage(message),
    addEventListener: (type, listener) => heardAt(type).addEventListener(type, listener),
    removeEventListener: (type, listener) => heardAt(type).removeEventListener(type, listener),
    start: () => port.start?.(),
  };
}

/** What is heard on a port. */
export interface PortListener {
  message(message: unknown): void;
  /** The other side is gone. Browsers tell this of few ports, so that locks have to (see `presence.ts`). */
  ended(cause?: unknown): void;
  /** An error that nobody caught on the other side, which may go on living. */
  failed?(cause: unknown): void;
}

/** Hears what a port brings until the returned function is called. */
export function listen(port: WebPort | NodePort, listener: PortListener): () => void {
  return "on" in port ? listenToNode(port, listener) : listenToWeb(port, listener);
}

function listenToNode(port: NodePort, { message, ended }: PortListener): () => void {
  const listeners: Readonly<Record<string, (value: unknown) => void>> = {
    message,
    error: ended,
    messageerror: ended,
    exit: (code) => ended(new Error(`The thread exited with code ${code}.`)),
    close: () => ended(),
  };
  for (const [event, listener] of Object.entries(listeners)) port.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) port.off(event, listener);
  };
}

function listenToWeb(port: WebPort, { message, ended, failed }: PortListener): () => void {
  const listeners: Readonly<Record<string, (event: Event) => void>> = {
    message: (event) => message((event as MessageEvent).data),
    messageerror: () => ended(new Error("A message could not be read.")),
    close: () => ended(),
    error: (event) => {
      const { error, message } = event as ErrorEvent;
      failed?.(error ?? (message ? new Error(message) : undefined));
    },
  };
  for (const [type, listener] of Object.entries(listeners)) port.addEventListener(type, listener);
  port.start?.();
  return () => {
    for (const [type, listener] of Object.entries(listeners)) port.removeEventListener(type, listener);
  };
}
