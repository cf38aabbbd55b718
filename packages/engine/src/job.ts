import type { EventSink } from "./event-sink.ts";
import type { GenerateEvent } from "./events.ts";
import type { Generation } from "./generation.ts";
import type { GenerateRequest } from "./request.ts";
import type { Sequence, Snapshot } from "./state-pool.ts";

/** A request in the engine's hands: what its answers have in common. */
export interface Submission {
  readonly id: string;
  readonly request: GenerateRequest;
  readonly sink: EventSink<GenerateEvent>;
  /** An answer each. */
  readonly jobs: readonly Job[];
  /** Where the prompt's beginning is kept for it, if somebody does. */
  readonly from: Snapshot | undefined;
  /** Given the sequence when all but the last token of the prompt has been read. */
  readonly keep: ((sequence: Sequence) => void) | undefined;
  /** Of `performance.now()`. */
  queuedAt: number;
  startedAt: number | undefined;
  /** How much of the prompt its reader has been told of. */
  reportedTokens: number;
  /** How many of the prompt's tokens its reader has been given the log-probabilities of. */
  scoredTokens: number;
  isDone: boolean;
  /** Called once, when it is done in whatever way. */
  onDone: () => void;
}

/** One answer on its way: the tokens it consists of, and, while it has a place in the batch, its sequence. */
export class Job {
  readonly submission: Submission;
  readonly generation: Generation;
  /** Undefined where there is only one. */
  readonly choice: number | undefined;
  /** The prompt, and what has been generated so far. */
  readonly tokens: number[];
  /** What of `tokens` the device has read; one token more where it reads ahead of the host. */
  sequence: Sequence | undefined;
  /** Takes the place of the token that is being sampled. */
  replacement: number | undefined;
  /** Other answers to the prompt, which go on from this one's states once it has been read. */
  followers: Job[] = [];
  /** Lengths at which the states are kept, ascending. */
  snapshotPoints: readonly number[] = [];
  /** The step in which it last had a row. */
  servedAt = 0;
  /** Prompt tokens that it did not have to read; undefined before it first has a place. */
  cachedTokens: number | undefined;
  /** Since when it has its place in the batch, as a count. */
  admission = 0;
  /** Whether it took part in a step that failed, so that its next ones are its own until it has drawn a token. */
  isSuspect = false;
  /** Whether its states went with a device, and it has not been placed since. */
  hasLostDevice = false;
  firstTokenAt: number | undefined;

  constructor(submission: Submission, generation: Generation, choice: number | undefined) {
    this.submission = submission;
    this.generation = generation;
    this.choice = choice;
    this.tokens = [...submission.request.prompt];
  }

  get promptLength(): number {
    return this.submission.request.prompt.length;
  }

  /** Whether nothing is to be done for it any more. */
  get isDone(): boolean {
    return this.submission.isDone || this.generation.finishReason !== undefined;
  }

  /** Whether its reader has to read before it can go on. */
  get isStalled(): boolean {
    return this.submission.sink.isFull;
  }

  /** Whether, without a place, it needs none before its reader has read on: it would soon be stalled. */
  get isAway(): boolean {
    return this.submission.sink.isCrowded;
  }

  /** Gives events to the reader, marked with the choice where there are several. */
  push(events: readonly GenerateEvent[]): void {
    const { choice } = this;
    this.submission.sink.push(choice === undefined ? events : events.map((event) => ({ ...event, choice })));
  }
}
