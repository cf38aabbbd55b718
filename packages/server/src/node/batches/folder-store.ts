import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Batch, hasEnded, type LineResult, type StoredFile } from "../../batches/batch.ts";
import type { BatchStore } from "../../batches/batch-store.ts";

/**
 * Keeps batches in a folder of this machine, for one server at a time. Files appear when they are complete;
 * results are added to one file a batch, line by line, and a line that broke off is not there.
 */
export class FolderStore implements BatchStore {
  readonly #folder: string;
  readonly #results = new Map<string, Promise<Map<number, LineResult>>>();
  /** Changes wait for the one before. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<FolderStore> {
    for (const part of ["files", "batches", "results"]) await mkdir(join(folder, part), { recursive: true });
    return new FolderStore(folder);
  }

  async addFile(file: StoredFile, content: Uint8Array): Promise<void> {
    await writeWhole(this.#path("files", file.id, "data"), content);
    await writeWhole(this.#path("files", file.id, "json"), JSON.stringify(file));
  }

  file(id: string): Promise<StoredFile | undefined> {
    return readJson(this.#path("files", id, "json"));
  }

  async files(owner: string): Promise<readonly StoredFile[]> {
    const files = await this.#all<StoredFile>("files");
    return files.filter((file) => file.owner === owner).sort((a, b) => b.created - a.created);
  }

  async content(id: string): Promise<Uint8Array | undefined> {
    if ((await this.file(id)) === undefined) return undefined;
    return orUndefined(readFile(this.#path("files", id, "data")));
  }

  async removeFile(id: string): Promise<boolean> {
    const isThere = (await this.file(id)) !== undefined;
    await rm(this.#path("files", id, "json"), { force: true });
    await rm(this.#path("files", id, "data"), { force: true });
    return isThere;
  }

  async addBatch(batch: Batch): Promise<void> {
    await writeWhole(this.#path("batches", batch.id, "json"), JSON.stringify(batch));
  }

  batch(id: string): Promise<Batch | undefined> {
    return readJson(this.#path("batches", id, "json"));
  }

  async batches(owner: string): Promise<readonly Batch[]> {
    const batches = await this.#all<Batch>("batches");
    return batches
      .filter((batch) => batch.owner === owner)
      .sort((a, b) => b.times.created! - a.times.created!);
  }

  async openBatches(): Promise<readonly Batch[]> {
    return (await this.#all<Batch>("batches")).filter((batch) => !hasEnded(batch));
  }

  changeBatch(id: string, change: (batch: Batch) => Batch | undefined): Promise<Batch | undefined> {
    return this.#inTurn(async () => {
      const batch = await this.batch(id);
      const changed = batch && change(batch);
      if (changed) await this.addBatch(changed);
      // Nobody asks for the results of what has ended: its files have them.
      if (changed && hasEnded(changed)) this.#results.delete(id);
      return changed ?? batch;
    });
  }

  addResult(id: string, line: number, result: LineResult): Promise<boolean> {
    return this.#inTurn(async () => {
      const results = await this.#resultsOf(id);
      if (results.has(line)) return false;
      const file = await open(this.#path("results", id, "jsonl"), "a");
      try {
        await file.appendFile(`${JSON.stringify([line, result])}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
      results.set(line, result);
      return true;
    });
  }

  async hasResult(id: string, line: number): Promise<boolean> {
    return (await this.#resultsOf(id)).has(line);
  }

  async counts(id: string): Promise<{ completed: number; failed: number }> {
    const results = await this.#resultsOf(id);
    let completed = 0;
    for (const { status } of results.values()) if (status === 200) completed++;
    return { completed, failed: results.size - completed };
  }

  results(id: string): Promise<ReadonlyMap<number, LineResult>> {
    return this.#resultsOf(id);
  }

  #resultsOf(id: string): Promise<Map<number, LineResult>> {
    let results = this.#results.get(id);
    if (results === undefined) {
      results = readResults(this.#path("results", id, "jsonl"));
      this.#results.set(id, results);
    }
    return results;
  }

  async #all<T>(part: string): Promise<T[]> {
    const names = (await readdir(join(this.#folder, part))).filter((name) => name.endsWith(".json"));
    const read = await Promise.all(names.map((name) => readJson<T>(join(this.#folder, part, name))));
    return read.filter((each) => each !== undefined);
  }

  #path(part: string, id: string, ending: string): string {
    // Ids come from clients, too: whatever is no id of ours is nowhere.
    return join(this.#folder, part, `${/^[\w-]+$/.test(id) ? id : "none"}.${ending}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  // Two may write the same at once, such as the last lines of a batch its files.
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, content, { flush: true });
  await rename(part, path);
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await orUndefined(readFile(path, "utf8"));
  return text === undefined ? undefined : JSON.parse(text);
}

/** The results that are whole. What broke off is cut away, so that the next begins on a line of its own. */
async function readResults(path: string): Promise<Map<number, LineResult>> {
  const text = (await orUndefined(readFile(path, "utf8"))) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) await writeWhole(path, whole);
  return new Map(
    whole
      .split("\n")
      .filter(Boolean)
      .map((row) => JSON.parse(row)),
  );
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
