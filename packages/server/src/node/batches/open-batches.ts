import type { BatchOptions } from "../../handler-options.ts";
import { lockFolder } from "./folder-lock.ts";
import { FolderStore } from "./folder-store.ts";
import { MemoryQueue } from "./memory-queue.ts";

export interface OpenBatchesOptions {
  /** Where this machine keeps them, for one server at a time. */
  readonly folder?: string | undefined;
  /** Of a Redis that several servers share, such as `redis://127.0.0.1:6379`; needs `bullmq` and `ioredis`. */
  readonly redisUrl?: string | undefined;
  /** Put before the names of all keys in Redis; `krait` unless given. */
  readonly prefix?: string | undefined;
  /** How long a server that has died holds its lines in Redis; 30 unless given. */
  readonly lockSeconds?: number | undefined;
  /** Lines run at once; 4 unless given. */
  readonly concurrency?: number | undefined;
  /** Told what goes wrong in the background. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What a handler takes as `batches`; to be disposed of after it. */
export type OpenBatches = BatchOptions & AsyncDisposable;

/**
 * Files and batches in a folder, or in Redis.
 *
 * @throws {FolderInUseError} while another server has the folder; {TypeError} for neither of folder and Redis
 *   or both, and for Redis also when its packages are not installed.
 */
export async function openBatches(options: OpenBatchesOptions): Promise<OpenBatches> {
  const { folder, redisUrl, concurrency, onError = () => {} } = options;
  if ((folder === undefined) === (redisUrl === undefined)) {
    throw new TypeError("Batches are kept either in a folder or in Redis: give folder or redisUrl.");
  }
  if (folder !== undefined) {
    const queue = new MemoryQueue(onError);
    const store = await FolderStore.open(folder);
    const lock = await lockFolder(folder);
    return {
      ...{ store, queue, concurrency },
      async [Symbol.asyncDispose]() {
        await queue[Symbol.asyncDispose]();
        await lock[Symbol.asyncDispose]();
      },
    };
  }
  const { RedisStore, RedisQueue } = await redisParts();
  const { prefix = "krait", lockSeconds } = options;
  const store = new RedisStore(redisUrl!, prefix, onError);
  const queue = new RedisQueue({ url: redisUrl!, prefix, lockSeconds, onError });
  return {
    ...{ store, queue, concurrency },
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function redisParts() {
  try {
    const [{ RedisStore }, { RedisQueue }] = await Promise.all([
      import("./redis-store.ts"),
      import("./redis-queue.ts"),
    ]);
    return { RedisStore, RedisQueue };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new TypeError("Batches in Redis need two packages more: npm install bullmq ioredis", { cause });
  }
}
