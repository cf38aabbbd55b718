import { randomId } from "../exchange.ts";
import { ApiError } from "../http/api-error.ts";
import { type Batch, type BatchStatus, hasEnded, type LineResult, type StoredFile } from "./batch.ts";
import type { BatchQueue, BatchStore } from "./batch-store.ts";
import { type InputLine, readInput } from "./input-lines.ts";
import { leftOutLine, outputLine } from "./output-lines.ts";

/** Answers one request as if its client had sent it. */
export type RunRequest = (
  owner: string,
  endpoint: string,
  body: unknown,
  signal: AbortSignal,
) => Promise<Response>;

export interface NewBatch {
  readonly owner: string;
  readonly endpoint: string;
  readonly inputFile: string;
  readonly window: string;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** The addresses whose requests a batch may have. */
export const batchEndpoints = ["/v1/chat/completions", "/v1/completions", "/v1/responses"] as const;

/** Too much is asked for, or what computes is away for a while. */
const busy: ReadonlySet<number> = new Set([429, 502, 503]);

/** The longest that a batch waits before it is tried again, in milliseconds. */
const LONGEST_WAIT = 60_000;

/** Batches whose input is kept read. */
const KEPT_INPUTS = 4;

/**
 * Batches over a store and a queue.
 *
 * A line's result is written down once, and before its batch counts it; a batch is finished by whoever finds
 * its last result there, with files of names that follow from its own. So whatever dies at whatever point,
 * nothing is lost, and nothing is there twice.
 */
export class BatchService {
  readonly #store: BatchStore;
  readonly #queue: BatchQueue;
  readonly #run: RunRequest;
  readonly #end = new AbortController();
  /** By batch that this process runs lines of: breaks them off when it is cancelled. */
  readonly #cancelled = new Map<string, AbortController>();
  /** By batch with nothing to be had for now: until when no line of it is tried, and how long that is. */
  readonly #held = new Map<string, { readonly until: number; readonly wait: number }>();
  /** By batch, the lines of its input. */
  readonly #inputs = new Map<string, readonly InputLine[]>();

  constructor(store: BatchStore, queue: BatchQueue, run: RunRequest) {
    this.#store = store;
    this.#queue = queue;
    this.#run = run;
  }

  /** Takes up what was under way, and begins to run lines. */
  async start(concurrency: number): Promise<void> {
    this.#queue.start((batch, line) => this.#runLine(batch, line), concurrency);
    for (const batch of await this.#store.openBatches()) {
      if (batch.status !== "in_progress") await this.#finish(batch.id);
      else await this.#addLines(batch);
    }
  }

  /** Nothing more is begun; what runs is broken off, and run again by whoever is next. */
  stop(): void {
    this.#queue.stop();
    this.#end.abort(new DOMException("The server ends.", "AbortError"));
  }

  /** @throws {ApiError} `missing` when there is no such file. */
  async create(request: NewBatch): Promise<Batch> {
    const content = await this.#store.content(request.inputFile);
    if (content === undefined) throw missingFile(request.inputFile);
    const { lines, problems } = readInput(content, request.endpoint);
    const now = seconds();
    const status: BatchStatus = problems.length > 0 ? "failed" : "in_progress";
    const batch: Batch = {
      ...request,
      ...{ id: `batch_${randomId()}`, status, problems },
      ...{ total: lines.length, completed: 0, failed: 0, outputFile: null, errorFile: null },
      times: { created: now, [status]: now },
      expires: now + 86_400,
    };
    await this.#store.addBatch(batch);
    if (status === "in_progress") await this.#addLines(batch);
    return batch;
  }

  /** @throws {ApiError} when it has ended. */
  async cancel(batch: Batch): Promise<Batch> {
    const changed = await this.#store.changeBatch(batch.id, (now) =>
      now.status === "in_progress" ? inStatus(now, "cancelling") : undefined,
    );
    if (changed?.status !== "cancelling") {
      throw new ApiError(
        "invalid",
        `The batch ${batch.id} is ${changed?.status}, so it cannot be cancelled.`,
        {
          code: "batch_ended",
        },
      );
    }
    this.#cancelled.get(batch.id)?.abort();
    await this.#finish(batch.id);
    return changed;
  }

  async #addLines({ id, total }: Batch): Promise<void> {
    const done = await this.#store.results(id);
    const left = Array.from({ length: total }, (_, line) => line).filter((line) => !done.has(line));
    if (left.length > 0) await this.#queue.add(id, left);
    else await this.#finish(id);
  }

  /** After how long to come again, where the line has to wait. */
  async #runLine(id: string, line: number): Promise<number | undefined> {
    const left = (this.#held.get(id)?.until ?? 0) - Date.now();
    if (left > 0) return left;
    const batch = await this.#store.batch(id);
    if (batch?.status !== "in_progress") return undefined;
    if (seconds() > batch.expires) {
      await this.#finish(id);
      return undefined;
    }
    if (!(await this.#store.hasResult(id, line))) {
      const input = await this.#lineOf(batch, line);
      const result = await this.#answer(batch, input);
      if (typeof result !== "object") return result;
      await this.#store.addResult(id, line, result);
    }
    await this.#count(id);
    return undefined;
  }

  async #lineOf(batch: Batch, line: number): Promise<InputLine> {
    const lines = await this.#inputOf(batch);
    if (lines === undefined) throw missingFile(batch.inputFile);
    return lines[line]!;
  }

  /** The lines of a batch; undefined when its file is gone. */
  async #inputOf({ id, inputFile, endpoint }: Batch): Promise<readonly InputLine[] | undefined> {
    let lines = this.#inputs.get(id);
    if (lines !== undefined) return lines;
    const content = await this.#store.content(inputFile);
    if (content === undefined) return undefined;
    lines = readInput(content, endpoint).lines;
    this.#inputs.set(id, lines);
    if (this.#inputs.size > KEPT_INPUTS) this.#inputs.delete(this.#inputs.keys().next().value!);
    return lines;
  }

  /** Undefined when the batch has ended before there was an answer; how long to wait where there is none yet. */
  async #answer(batch: Batch, { customId, body }: InputLine): Promise<LineResult | number | undefined> {
    const { id, owner, endpoint } = batch;
    const cancelled = this.#cancelled.get(id) ?? new AbortController();
    this.#cancelled.set(id, cancelled);
    const signal = AbortSignal.any([this.#end.signal, cancelled.signal]);
    const response = await this.#run(owner, endpoint, body, signal);
    const answer = await response.json();
    this.#end.signal.throwIfAborted();
    // Another server may have cancelled it.
    if (cancelled.signal.aborted || (await this.#store.batch(id))?.status !== "in_progress") return undefined;
    const again = response.headers.get("retry-after");
    if (again !== null || busy.has(response.status)) return this.#hold(id, Number(again ?? 1));
    this.#held.delete(id);
    const requestId = response.headers.get("x-request-id") ?? "";
    return { customId, status: response.status, requestId, body: answer };
  }

  /** Tries no line of a batch for as long as it was told, or twice as long as the last time in vain. */
  #hold(id: string, seconds: number): number {
    const before = this.#held.get(id)?.wait ?? 0;
    const wait = Math.min(Math.max(1000 * seconds, 2 * before), LONGEST_WAIT);
    this.#held.set(id, { until: Date.now() + wait, wait });
    return wait;
  }

  /** Counts the results that are there, and finishes the batch with the last of them. */
  async #count(id: string): Promise<void> {
    const { completed, failed } = await this.#store.counts(id);
    const batch = await this.#store.changeBatch(id, (now) => {
      // Another server may have counted more since.
      if (now.status !== "in_progress" || now.completed + now.failed > completed + failed) return undefined;
      const counted = { ...now, completed, failed };
      return completed + failed === now.total ? inStatus(counted, "finalizing") : counted;
    });
    if (batch?.status === "finalizing") await this.#finish(id);
  }

  /** Writes the files of a batch that nothing more is run of. Done twice it does the same. */
  async #finish(id: string): Promise<void> {
    const batch = await this.#store.batch(id);
    if (batch === undefined || hasEnded(batch)) return;
    const results = await this.#store.results(id);
    const inOrder = [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
    const good = inOrder.filter(({ status }) => status === 200);
    const bad = inOrder.filter(({ status }) => status !== 200);
    const leftOut = (await this.#inputOf(batch))?.filter((_, line) => !results.has(line)) ?? [];
    const written = (result: LineResult) => outputLine(batch, result);
    const outputFile = await this.#writeFile(batch, "output", good.map(written));
    const errors = [...bad.map(written), ...leftOut.map((line) => leftOutLine(batch, line))];
    const errorFile = await this.#writeFile(batch, "error", errors);
    await this.#store.changeBatch(id, (now) => {
      if (hasEnded(now)) return undefined;
      const counts = { completed: good.length, failed: bad.length, outputFile, errorFile };
      return inStatus({ ...now, ...counts }, lastStatus(now, results.size));
    });
    this.#cancelled.delete(id);
    this.#held.delete(id);
    this.#inputs.delete(id);
  }

  async #writeFile(batch: Batch, kind: "output" | "error", lines: readonly object[]): Promise<string | null> {
    if (lines.length === 0) return null;
    const content = new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const file: StoredFile = {
      ...{ id: `file-${batch.id}-${kind}`, name: `${batch.id}_${kind}.jsonl`, purpose: "batch_output" },
      ...{ bytes: content.byteLength, created: seconds(), owner: batch.owner },
    };
    await this.#store.addFile(file, content);
    return file.id;
  }
}

function lastStatus(batch: Batch, results: number): BatchStatus {
  if (results === batch.total) return "completed";
  return batch.status === "cancelling" ? "cancelled" : "expired";
}

function inStatus(batch: Batch, status: BatchStatus): Batch {
  return { ...batch, status, times: { ...batch.times, [status]: seconds() } };
}

export function missingFile(id: string): ApiError {
  return new ApiError("missing", `There is no file "${id}" here.`, { code: "file_not_found" });
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
