import type { StepProfile } from "./backend.ts";

/** Between those who want a step's times and the steps that give them, one for each who asked. */
export class StepProfiler {
  readonly #waiting: ((profile: StepProfile | Promise<StepProfile>) => void)[] = [];

  /** Whether the next step is to be timed. */
  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** The times of the next step that nobody else is waiting for. */
  next(): Promise<StepProfile> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Called by a step: with its times, or what they are to come from. */
  give(profile: StepProfile | Promise<StepProfile>): void {
    this.#waiting.shift()?.(profile);
  }
}
