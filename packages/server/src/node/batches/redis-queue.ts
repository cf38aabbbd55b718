import { DelayedError, type Job, Queue, Worker } from "bullmq";
import type { BatchQueue, RunLine } from "../../batches/batch-store.ts";

export interface RedisQueueOptions {
  readonly url: string;
  /** Put before the names of all keys. */
  readonly prefix: string;
  /** How long a worker that has died holds its lines; 30 unless given. */
  readonly lockSeconds?: number | undefined;
  readonly onError: (error: unknown) => void;
}

/** Hands out lines among all servers at one Redis. Lines of a server that has died go to another. */
export class RedisQueue implements BatchQueue {
  readonly #options: RedisQueueOptions;
  readonly #queue: Queue;
  #worker: Worker | undefined;

  constructor(options: RedisQueueOptions) {
    this.#options = options;
    this.#queue = new Queue("batches", { connection: { url: options.url }, prefix: options.prefix });
    this.#queue.on("error", options.onError);
  }

  async add(batch: string, lines: readonly number[]): Promise<void> {
    // A line that waits already is not added again: it has the same id.
    await this.#queue.addBulk(
      lines.map((line) => ({
        name: "line",
        data: { batch, line },
        opts: {
          jobId: `${batch}-${line}`,
          attempts: Number.MAX_SAFE_INTEGER,
          backoff: { type: "fixed", delay: 1000 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      })),
    );
  }

  start(run: RunLine, concurrency: number): void {
    const { url, prefix, lockSeconds = 30, onError } = this.#options;
    const process = async (job: Job, token: string | undefined): Promise<void> => {
      const wait = await run(job.data.batch, job.data.line);
      if (wait === undefined) return;
      await job.moveToDelayed(Date.now() + wait, token);
      throw new DelayedError();
    };
    this.#worker = new Worker("batches", process, {
      ...{ connection: { url, maxRetriesPerRequest: null }, prefix, concurrency },
      lockDuration: 1000 * lockSeconds,
      // Looked at more often than locks end, so that the lines of the dead wait little longer than those.
      stalledInterval: 250 * lockSeconds,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    this.#worker.on("error", onError);
  }

  stop(): void {
    // What it runs now is broken off by whoever stops it, and is not waited for.
    this.#worker?.pause(true).catch(this.#options.onError);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.close();
    await this.#queue.close();
  }
}
