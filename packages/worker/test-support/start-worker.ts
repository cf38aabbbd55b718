import { Worker } from "node:worker_threads";

/** A thread of Node that serves models, from sources. */
export function startWorker(main = "worker-main.ts"): Worker {
  return new Worker(new URL(main, import.meta.url), { execArgv: ["--conditions=@krait/source"] });
}
