import { BusyMeter } from "./machine.ts";

export interface Measurement {
  readonly value: number;
  /** Processor time that the measured process took. */
  readonly cpuSeconds: number;
}

/** What several contenders measured, round by round: the n-th values of all are of the same minute. */
export interface Rounds<Name extends string> {
  readonly values: Readonly<Record<Name, readonly number[]>>;
  /** The share of the machine that others took. */
  readonly busy: number;
}

/**
 * Lets contenders measure in turn, round after round, every other round backwards: what a busy minute or
 * a warm processor does to one, it does to all.
 */
export async function inTurn<Name extends string>(
  contenders: Readonly<Record<Name, () => Promise<Measurement>>>,
  rounds: number,
): Promise<Rounds<Name>> {
  const names = Object.keys(contenders) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  const meter = new BusyMeter();
  let cpuSeconds = 0;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const measured = await contenders[name]();
      values[name].push(measured.value);
      cpuSeconds += measured.cpuSeconds;
    }
  }
  return { values, busy: meter.share(cpuSeconds) };
}

/** The median of the ratios of pairs. */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  return median(numerators.map((value, round) => value / denominators[round]!));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
