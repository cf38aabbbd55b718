import type { Command, control } from "./exchange.ts";
import type { createRowStore } from "./row-store.ts";

/** What a thread is given to begin with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly dotRange: number;
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

/**
 * Carries out commands until it is told to stop. It waits awake for a moment, since the next product
 * mostly follows at once, and asleep after that, so that a processor that others want is left to them.
 *
 * The source of this function is what a thread runs, so it refers to nothing outside of itself.
 */
export function runShardThread(start: ThreadStart, createStore: typeof createRowStore): void {
  const { module, dotRange, exchange, scratchBytes, thread, yAt, control, commands, spins } = start;
  const store = createStore(module, dotRange, exchange, scratchBytes);
  const words = new Int32Array(start.words);
  const word = (index: number): number => words[control.arguments + index]! >>> 0;
  let sequence = 0;

  const next = (): Command => {
    for (let spin = 0; spin < spins && Atomics.load(words, control.sequence) === sequence; spin++);
    while (Atomics.load(words, control.sequence) === sequence) {
      Atomics.wait(words, control.sequence, sequence);
    }
    sequence = Atomics.load(words, control.sequence);
    return commands[words[control.command]!]!;
  };

  const carryOut = (command: Command): void => {
    if (command === "hold") store.hold(word(0), word(1), word(2), word(3), word(4));
    else if (command === "fill") store.fill(word(0), word(1), word(2), word(3), 0);
    else if (command === "multiply") store.multiply(word(0), word(1), 0, word(2), yAt);
    else if (command === "widen") store.widen(word(0), word(1), yAt);
    else if (command === "release") store.release(word(0));
  };

  for (let command = next(); command !== "stop"; command = next()) {
    const target = words[control.target]!;
    try {
      if (target === thread || target === -1) carryOut(command);
    } catch {
      Atomics.store(words, control.failed + thread, 1);
    }
    Atomics.store(words, control.done + thread, sequence);
    Atomics.notify(words, control.done + thread);
  }
}
