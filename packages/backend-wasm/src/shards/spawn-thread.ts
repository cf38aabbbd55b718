/** A thread that somebody else's code runs on: a worker of Node or of a page. */
export interface Thread {
  /** Settles when it has ended, whoever ended it. A page is not told when a worker of its is ended from outside. */
  readonly ended: Promise<void>;
  /** Settles when it is gone. */
  readonly terminate: () => Promise<void>;
}

interface NodeWorker {
  postMessage(message: unknown): void;
  terminate(): Promise<number>;
  unref(): void;
  once(event: "message" | "error" | "exit", listener: (value: unknown) => void): void;
}

interface NodeThreads {
  readonly Worker: new (source: string, options: { eval: true }) => NodeWorker;
}

interface NodeSystem {
  availableParallelism(): number;
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
  availableMemory?(): number;
}

const node = (globalThis as { readonly process?: NodeProcess }).process;

/** How many threads this machine runs at once, as far as it tells. */
export function machineThreads(): number {
  const os = node?.getBuiltinModule?.("node:os") as NodeSystem | undefined;
  const { navigator } = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  return os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1;
}

/** Bytes that the machine has to spare, where that can be asked. */
export function machineMemory(): number | undefined {
  return node?.availableMemory?.();
}

/**
 * Whether threads can be had and this one may wait for them: not in a page that is not isolated
 * (https://web.dev/coop-coep), nor on a page's main thread.
 */
export function canShareThreads(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  if (node?.getBuiltinModule?.("node:worker_threads") === undefined && typeof Worker === "undefined")
    return false;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a thread that calls the function that `source` evaluates to with `start`. It keeps no process
 * alive. Once this resolves the thread needs nothing more of this one, which may stop to wait for it.
 *
 * @throws what went wrong when it does not come up.
 */
export async function spawnThread(source: string, start: unknown): Promise<Thread> {
  const threads = node?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
  return threads === undefined
    ? await spawnPageThread(source, start)
    : await spawnNodeThread(threads, source, start);
}

async function spawnPageThread(source: string, start: unknown): Promise<Thread> {
  const code =
    `const run = ${source};\n` +
    `self.onmessage = ({ data }) => { self.postMessage("started"); run(data); };`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  try {
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(start);
    });
  } finally {
    URL.revokeObjectURL(url);
  }
  return {
    ended: new Promise((resolve) => {
      worker.onerror = () => resolve();
    }),
    terminate: async () => worker.terminate(),
  };
}

async function spawnNodeThread({ Worker }: NodeThreads, source: string, start: unknown): Promise<Thread> {
  const code =
    `const { parentPort } = require("node:worker_threads");\nconst run = ${source};\n` +
    `parentPort.once("message", (data) => { parentPort.postMessage("started"); run(data); });`;
  const worker = new Worker(code, { eval: true });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(start);
  });
  worker.unref();
  return {
    ended: new Promise((resolve) => {
      worker.once("error", () => resolve());
      worker.once("exit", () => resolve());
    }),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
