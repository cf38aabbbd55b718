import { PAGE_SIZE } from "@krait/tensor";
import { EngineError, isLoss } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { type HostCopies, type HostCopy, restoreCopy } from "./host-copies.ts";
import type { Job } from "./job.ts";
import { noPages } from "./job-error.ts";
import type { PrefixCache } from "./prefix-cache.ts";
import { snapshotPoints } from "./snapshot-points.ts";
import type { Snapshot, StatePool } from "./state-pool.ts";
import type { Telemetry } from "./telemetry.ts";

/** What steps are run with. A backend that is made again comes with another one. */
export interface Device {
  readonly executor: Pick<Executor, "pool" | "forward" | "sample" | "settled" | "logits">;
  readonly cache: PrefixCache | undefined;
  /** What outlives the device. */
  readonly copies: HostCopies;
}

export interface RosterOptions {
  /** Tokens between snapshots of a long prompt. */
  readonly snapshotStride: number;
  /** Snapshots lie at multiples of so many tokens only; anywhere unless given. */
  readonly snapshotGrid: number | undefined;
}

/**
 * Who is in the batch and who waits. Requests get their places in the order in which they came. When pages
 * run out the prefix cache gives up its own, and then the youngest sequence has to: it goes back to the
 * head of the line, and is read again when there is room. So does one whose reader does not read, as soon as
 * anybody needs its place or its pages; it is not in the line before its reader has read on.
 */
export class Roster {
  device: Device;
  readonly waiting: Job[] = [];
  readonly running: Set<Job> = new Set<Job>();
  readonly #options: RosterOptions;
  readonly #telemetry: Telemetry;
  #admissions = 0;

  constructor(device: Device, options: RosterOptions, telemetry: Telemetry) {
    this.device = device;
    this.#options = options;
    this.#telemetry = telemetry;
  }

  get #pool(): StatePool {
    return this.device.executor.pool;
  }

  /** Gives places to those who wait, as long as there is room. Gives back those for whom there never is. */
  admit(): readonly { readonly job: Job; readonly error: unknown }[] {
    const refused: { job: Job; error: unknown }[] = [];
    const next = (): Job | undefined => this.waiting.find(({ isAway }) => !isAway);
    for (let job = next(); job !== undefined; job = next()) {
      try {
        if (!this.#place(job)) {
          if (this.#displaceStalled()) continue;
          break;
        }
      } catch (error) {
        if (isLoss(error)) throw error;
        refused.push({ job, error });
      }
      this.waiting.splice(this.waiting.indexOf(job), 1);
    }
    return refused;
  }

  /** How many could go on if there were places. */
  get queued(): number {
    return this.waiting.filter(({ isAway }) => !isAway).length;
  }

  /** Gives the followers of a sequence their own, from what it has read. Whether there was room. */
  fork(leader: Job): boolean {
    for (;;) {
      const follower = leader.followers[0];
      if (follower === undefined) return true;
      const hasPartialPage = leader.sequence!.length % PAGE_SIZE !== 0;
      if (this.#pool.freeSlots === 0) return false;
      if (!this.claimPages(leader, hasPartialPage ? 1 : 0, new Set([leader]))) return false;
      leader.followers.shift();
      follower.sequence = this.#pool.fork(leader.sequence!);
      follower.cachedTokens = follower.sequence.length;
      this.#enter(follower);
    }
  }

  /** Has the followers of a sequence read its prompt themselves, one after the other, for want of room beside it. */
  separate(leader: Job): void {
    this.waiting.unshift(...leader.followers.splice(0));
  }

  /**
   * Makes sure that so many pages are free: from the cache, then from sequences whose readers do not read, then
   * from those that are younger than the job.
   *
   * @param kept - those that must not lose their pages.
   */
  claimPages(job: Job, pages: number, kept: ReadonlySet<Job>): boolean {
    while (this.#pool.freePages < pages) {
      if (this.device.cache?.freePages()) continue;
      if (this.#displaceStalled(kept)) continue;
      const victim = [...this.running]
        .filter((other) => other.admission > job.admission && !kept.has(other))
        .sort((a, b) => b.admission - a.admission)[0];
      if (victim === undefined) return false;
      this.preempt(victim);
    }
    return true;
  }

  /** Takes the place of the sequence whose reader has not read for longest; whether there was one. */
  #displaceStalled(kept?: ReadonlySet<Job>): boolean {
    const victim = [...this.running]
      .filter((job) => job.isStalled && !kept?.has(job))
      .sort((a, b) => a.servedAt - b.servedAt)[0];
    if (victim !== undefined) this.preempt(victim);
    return victim !== undefined;
  }

  /** Takes a sequence's memory for others. */
  preempt(job: Job): void {
    this.#telemetry.counters.preemptions++;
    this.suspend(job);
  }

  /** Takes a sequence's memory; it waits at the head of the line to be read again. */
  suspend(job: Job): void {
    this.leave(job);
    this.waiting.unshift(job);
  }

  /** Takes a job out of the batch, and frees what it holds. */
  leave(job: Job): void {
    if (!this.running.delete(job)) return;
    if (job.sequence !== undefined) this.#pool.close(job.sequence);
    this.#forget(job);
  }

  /** Says that the device and all that lay there is gone: what was in the batch waits, oldest first. */
  loseDevice(): void {
    this.device.copies.loseDevice();
    const running = [...this.running].sort((a, b) => a.admission - b.admission);
    this.running.clear();
    for (const job of running) {
      this.#forget(job);
      job.hasLostDevice = true;
    }
    this.waiting.unshift(...running);
  }

  #forget(job: Job): void {
    job.sequence = undefined;
    if (job.replacement !== undefined) job.generation.putBackForced(job.replacement);
    job.replacement = undefined;
  }

  /** @throws what the pool throws when there will never be room. */
  #place(job: Job): boolean {
    const pool = this.#pool;
    const isAlone = this.running.size === 0;
    const reserved = [...this.running].reduce((sum, { followers }) => sum + followers.length, 0);
    const wanted = 1 + job.followers.length;
    if (pool.freeSlots - reserved < wanted && !isAlone) return false;
    if (pool.freeSlots < wanted) throw noSlots(wanted, pool.freeSlots);
    const promised = [...this.running].reduce((sum, other) => sum + this.#missingPages(other), 0);
    const { cache } = this.device;
    let start = this.#start(job);
    const spare = (): Snapshot | undefined => (start !== undefined && "kind" in start ? start : undefined);
    // The pages of a copy are not there yet, those of a snapshot are shared.
    const needed = (): number =>
      pool.pagesFor(job.tokens.length + (isAlone ? 0 : 1)) - Math.floor((spare()?.length ?? 0) / PAGE_SIZE);
    const missing = (): number => needed() + promised - pool.freePages;
    // A request that has to wait all the same takes nothing from the cache.
    if (!isAlone && missing() > 0 && missing() > (cache?.freeablePages(spare()) ?? 0)) return false;
    while (missing() > 0) {
      if (cache?.freePages(spare())) continue;
      // Without its own beginning, of which it would fill a second page, there may just be room.
      if (!cache?.freePages()) throw noPages(needed(), pool.freePages, pool.pages);
      start = this.#start(job);
    }
    if (start === undefined) job.sequence = pool.open();
    else job.sequence = "kind" in start ? pool.restore(start) : restoreCopy(pool, start);
    if (job.hasLostDevice) this.#telemetry.counters.recoveredTokens += start?.length ?? 0;
    job.hasLostDevice = false;
    this.#begin(job);
    this.#enter(job);
    return true;
  }

  /** Where its prompt is kept up to some length: for itself, by the cache, or on the host. */
  #start(job: Job): Snapshot | HostCopy | undefined {
    const { from, request } = job.submission;
    // Every row's logits are wanted, so every row is run.
    if (request.promptLogprobs !== undefined) return undefined;
    const own = from !== undefined && this.#pool.isOpen(from) ? from : undefined;
    const cached = this.device.cache?.find(request.prompt);
    const kept = own !== undefined && own.length >= (cached?.length ?? 0) ? own : cached;
    if (!job.hasLostDevice) return kept;
    const copy = this.device.copies.find(request.prompt, request.prompt.length - 1);
    return copy !== undefined && copy.length > (kept?.length ?? 0) ? copy : kept;
  }

  #missingPages({ tokens, sequence }: Job): number {
    const held = sequence?.pages.length ?? 0;
    return Math.max(0, this.#pool.pagesFor(tokens.length + 1) - held);
  }

  #enter(job: Job): void {
    job.admission = ++this.#admissions;
    this.running.add(job);
  }

  #begin(job: Job): void {
    const { submission, promptLength } = job;
    const { length } = job.sequence!;
    const { cache } = this.device;
    const grid = this.#options.snapshotGrid ?? 1;
    const boundaries = submission.request.snapshotAt ?? [];
    const points = snapshotPoints(
      promptLength,
      boundaries,
      this.#options.snapshotStride,
      cache?.capacity ?? 0,
    );
    // Without a cache there is one point all the same, for a copy on the host.
    if (points.length === 0 && this.device.copies.areKept) points.push(promptLength - 1);
    const onGrid = new Set(points.map((point) => point - (point % grid)));
    job.snapshotPoints = [...onGrid].filter((point) => point > length);
    if (length === promptLength - 1) submission.keep?.(job.sequence!);
    job.cachedTokens ??= length;
    if (submission.startedAt !== undefined) return;
    submission.startedAt = performance.now();
    // A prompt that brought its own beginning did not need the cache, and one that is scored does not ask it.
    const { id, from, request, startedAt, queuedAt } = submission;
    const needsCache = from === undefined || length > from.length;
    if (needsCache && request.promptLogprobs === undefined) cache?.count(length > 0);
    const queueSeconds = (startedAt - queuedAt) / 1000;
    this.#telemetry.tell({ type: "request-started", id, queueSeconds, cachedTokens: length }, startedAt);
  }
}

function noSlots(wanted: number, free: number): EngineError {
  return new EngineError(
    "SLOTS_EXHAUSTED",
    `${wanted} slots are needed, but only ${free} are free, and no request that runs will free another. ` +
      "Close sequences, or load the model with a larger maxSequences.",
    { needed: wanted, free },
  );
}
