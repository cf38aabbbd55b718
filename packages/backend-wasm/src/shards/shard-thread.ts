import type { ThreadKernels } from "../kernel-module.ts";
import type { claimParts } from "./claim-parts.ts";
import type { Command, control } from "./exchange.ts";
import type { createPartRunner, PartRunner } from "./part-runner.ts";
import type { createRowStore } from "./row-store.ts";

/** What a thread is given to begin with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly dotRange: number;
  /** Of the memory that all threads share, once the thread is told to join. */
  readonly kernels: ThreadKernels;
  readonly parts: number;
  readonly exchange: SharedArrayBuffer;
  readonly scratchBytes: number;
  readonly words: SharedArrayBuffer;
  /** Which thread this is, from 1 on: the caller's own is 0. */
  readonly thread: number;
  /** Where in the exchange its own rows of y begin. */
  readonly yAt: number;
  readonly control: typeof control;
  readonly commands: readonly Command[];
  /** How often it looks for the next command before it falls asleep. */
  readonly spins: number;
}

/** What a thread calls. */
export interface ThreadTools {
  readonly createRowStore: typeof createRowStore;
  readonly createPartRunner: typeof createPartRunner;
  readonly claimParts: typeof claimParts;
}

/**
 * Carries out commands until it is told to stop. It waits awake for a moment, since the next op mostly
 * follows at once, and asleep after that, so that a processor that others want is left to them.
 *
 * The source of this function is what a thread runs, so it refers to nothing outside of itself.
 */
export function runShardThread(start: ThreadStart, tools: ThreadTools): void {
  const { module, dotRange, exchange, scratchBytes, thread, yAt, control, commands, spins, parts } = start;
  const store = tools.createRowStore(module, dotRange, exchange, scratchBytes);
  const words = new Int32Array(start.words);
  let sequence = 0;
  let runPart: PartRunner | undefined;

  /** The next command and its words, read again if another was written meanwhile: nobody waits for a late `run`. */
  const next = (): Int32Array => {
    for (;;) {
      for (let spin = 0; spin < spins && Atomics.load(words, control.sequence) === sequence; spin++);
      while (Atomics.load(words, control.sequence) === sequence) {
        Atomics.wait(words, control.sequence, sequence);
      }
      const written = Atomics.load(words, control.sequence);
      const read = words.slice(0, control.claims);
      if (written % 2 !== 0 || Atomics.load(words, control.sequence) !== written) continue;
      sequence = written;
      return read;
    }
  };

  const carryOut = (command: Command, word: (index: number) => number): void => {
    if (command === "join") runPart = tools.createPartRunner(start.kernels, thread, parts);
    else if (command === "hold") store.hold(word(0), word(1), word(2), word(3), word(4));
    else if (command === "fill") store.fill(word(0), word(1), word(2), word(3), 0);
    else if (command === "multiply") store.multiply(word(0), word(1), 0, word(2), yAt);
    else if (command === "widen") store.widen(word(0), word(1), yAt);
    else if (command === "release") store.release(word(0));
  };

  for (;;) {
    const read = next();
    const command = commands[read[control.command]!]!;
    const target = read[control.target]!;
    const word = (index: number): number => read[control.arguments + index]! >>> 0;
    if (command === "stop") return;
    try {
      if (command === "run") {
        const [kernel, struct] = [word(0), word(1)];
        tools.claimParts(words, control, sequence, parts, (part) => runPart!(kernel, struct, part));
        continue;
      }
      if (target === thread || target === -1) carryOut(command, word);
    } catch {
      Atomics.store(words, control.failed + thread, 1);
    }
    Atomics.store(words, control.done + thread, sequence);
    Atomics.notify(words, control.done + thread);
  }
}
