import { createBackend, supportsThreads } from "../engines/backends.ts";
import { type Answer, EngineProcess } from "../engines/engine-process.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import type { Measurement } from "../paired.ts";

/** An engine that takes part: one of Krait's backends, or the peer. */
export interface Contender {
  /** The backend's name, or `peer`. */
  readonly name: string;
  start(): EngineProcess;
}

/** The peer's key among contenders. */
export const PEER = "peer";

/** Those of the backends that run with so many threads, and the peer where it is installed. */
export function contendersOf(backends: readonly string[], threads: number): Contender[] {
  const ours = backends.filter((name) => supportsThreads(name, threads));
  return [
    ...ours.map((name) => ({ name, start: EngineProcess.krait })),
    ...(nodeLlamaCpp() === undefined ? [] : [{ name: PEER, start: EngineProcess.nodeLlamaCpp }]),
  ];
}

/** Those of the backends that can be made on this machine; tells why the others cannot. */
export async function availableBackends(
  names: readonly string[],
  note: (text: string) => void,
): Promise<string[]> {
  const available: string[] = [];
  for (const name of names) {
    try {
      await using _ = await createBackend(name, 1);
      available.push(name);
    } catch (error) {
      note(`No figures of backend "${name}": ${error instanceof Error ? error.message : error}`);
    }
  }
  return available;
}

/** A measurement of a rate: so many units in the seconds that a process answered. */
export async function rate(units: number, answer: Promise<Answer<number>>): Promise<Measurement> {
  const { result, cpuSeconds } = await answer;
  return { value: units / result, cpuSeconds };
}
