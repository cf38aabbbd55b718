import type { Emulator } from "./emulator.ts";
import { orders } from "./with-emulator.ts";

/** Runs kernels with their threads in an order; all that they leave, as bytes. */
export type OrderedRun = (order: number) => Promise<Uint8Array>;

/**
 * The barriers that the runs reach and can do without: each is left out in turn, and then some run must
 * leave other bytes, or none, in some order of threads.
 *
 * @returns their places, "file:line".
 */
export async function unnoticedBarriers(emulator: Emulator, runs: readonly OrderedRun[]): Promise<string[]> {
  const reached = new Map<string, { run: OrderedRun; right: Uint8Array }[]>();
  emulator.takeReached();
  for (const run of runs) {
    const right = await run(0);
    for (const { file, line } of emulator.takeReached()) {
      const place = `${file}:${line}`;
      reached.set(place, [...(reached.get(place) ?? []), { run, right }]);
    }
  }
  const unnoticed: string[] = [];
  for (const [place, seen] of reached) {
    const [file, line] = place.split(":");
    emulator.skipBarrier(file!, Number(line));
    if (!(await isNoticed(emulator, seen))) unnoticed.push(place);
    emulator.skipBarrier("", 0);
  }
  emulator.setOrder(0);
  return unnoticed;
}

async function isNoticed(
  emulator: Emulator,
  seen: readonly { readonly run: OrderedRun; readonly right: Uint8Array }[],
): Promise<boolean> {
  for (const order of orders) {
    for (const { run, right } of seen) {
      const got = await run(order).catch(() => undefined);
      if (got === undefined) emulator.reset();
      if (got === undefined || Buffer.compare(got, right) !== 0) return true;
    }
  }
  return false;
}
