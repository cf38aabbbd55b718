import { Redis } from "ioredis";
import { type Batch, hasEnded, type LineResult, type StoredFile } from "../../batches/batch.ts";
import type { BatchStore } from "../../batches/batch-store.ts";

/** Keeps a line's result unless there is one, and counts it: one step, so that no count is ever off. */
const ADD_RESULT = `
if redis.call("HSETNX", KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call("HINCRBY", KEYS[2], ARGV[3], 1)
return 1`;

/** Writes a batch if it is still what it was read as. */
const CHANGE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2])
return 1`;

/** Keeps batches in Redis, for any number of servers. */
export class RedisStore implements BatchStore, AsyncDisposable {
  readonly #redis: Redis;
  readonly #prefix: string;

  /**
   * @param prefix - put before the names of all keys.
   * @param onError - told when the connection is lost, which is then made again.
   */
  constructor(url: string, prefix: string, onError: (error: unknown) => void) {
    this.#redis = new Redis(url);
    this.#redis.on("error", onError);
    this.#prefix = prefix;
  }

  async addFile(file: StoredFile, content: Uint8Array): Promise<void> {
    await this.#redis
      .multi()
      .set(this.#key("content", file.id), Buffer.from(content))
      .set(this.#key("file", file.id), JSON.stringify(file))
      .sadd(this.#key("files", file.owner), file.id)
      .exec();
  }

  file(id: string): Promise<StoredFile | undefined> {
    return this.#json(this.#key("file", id));
  }

  async files(owner: string): Promise<readonly StoredFile[]> {
    const ids = await this.#redis.smembers(this.#key("files", owner));
    return (await this.#allOf<StoredFile>("file", ids)).sort((a, b) => b.created - a.created);
  }

  async content(id: string): Promise<Uint8Array | undefined> {
    return (await this.#redis.getBuffer(this.#key("content", id))) ?? undefined;
  }

  async removeFile(id: string): Promise<boolean> {
    const file = await this.file(id);
    if (file === undefined) return false;
    await this.#redis.srem(this.#key("files", file.owner), id);
    return (await this.#redis.del(this.#key("file", id), this.#key("content", id))) > 0;
  }

  async addBatch(batch: Batch): Promise<void> {
    await this.#redis
      .multi()
      .set(this.#key("batch", batch.id), JSON.stringify(batch))
      .sadd(this.#key("batches", batch.owner), batch.id)
      .sadd(this.#key("open"), batch.id)
      .exec();
  }

  batch(id: string): Promise<Batch | undefined> {
    return this.#json(this.#key("batch", id));
  }

  async batches(owner: string): Promise<readonly Batch[]> {
    const ids = await this.#redis.smembers(this.#key("batches", owner));
    return (await this.#allOf<Batch>("batch", ids)).sort((a, b) => b.times.created! - a.times.created!);
  }

  async openBatches(): Promise<readonly Batch[]> {
    const batches = await this.#allOf<Batch>("batch", await this.#redis.smembers(this.#key("open")));
    return batches.filter((batch) => !hasEnded(batch));
  }

  async changeBatch(id: string, change: (batch: Batch) => Batch | undefined): Promise<Batch | undefined> {
    const key = this.#key("batch", id);
    for (;;) {
      const text = await this.#redis.get(key);
      if (text === null) return undefined;
      const batch: Batch = JSON.parse(text);
      const changed = change(batch);
      if (changed === undefined) return batch;
      if ((await this.#redis.eval(CHANGE, 1, key, text, JSON.stringify(changed))) !== 1) continue;
      if (hasEnded(changed)) await this.#redis.srem(this.#key("open"), id);
      return changed;
    }
  }

  async addResult(id: string, line: number, result: LineResult): Promise<boolean> {
    const keys = [this.#key("results", id), this.#key("counts", id)];
    const kind = result.status === 200 ? "completed" : "failed";
    return (await this.#redis.eval(ADD_RESULT, 2, ...keys, line, JSON.stringify(result), kind)) === 1;
  }

  async hasResult(id: string, line: number): Promise<boolean> {
    return (await this.#redis.hexists(this.#key("results", id), String(line))) === 1;
  }

  async counts(id: string): Promise<{ completed: number; failed: number }> {
    const { completed = "0", failed = "0" } = await this.#redis.hgetall(this.#key("counts", id));
    return { completed: Number(completed), failed: Number(failed) };
  }

  async results(id: string): Promise<ReadonlyMap<number, LineResult>> {
    const results = await this.#redis.hgetall(this.#key("results", id));
    return new Map(Object.entries(results).map(([line, result]) => [Number(line), JSON.parse(result)]));
  }

  #key(...parts: readonly string[]): string {
    return [this.#prefix, ...parts].join(":");
  }

  async #json<T>(key: string): Promise<T | undefined> {
    const text = await this.#redis.get(key);
    return text === null ? undefined : JSON.parse(text);
  }

  async #allOf<T>(kind: string, ids: readonly string[]): Promise<T[]> {
    if (ids.length === 0) return [];
    const texts = await this.#redis.mget(ids.map((id) => this.#key(kind, id)));
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#redis.quit();
  }
}
