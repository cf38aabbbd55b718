import type { BatchQueue } from "../src/batches/batch-store.ts";

/**
 * Has a queue hand out four lines one at a time, of which the first wants to come again until the others are done.
 *
 * @returns the lines in the order in which they were done.
 */
export async function untilLast(queue: BatchQueue): Promise<number[]> {
  const done: number[] = [];
  await queue.add("batch", [0, 1, 2, 3]);
  await new Promise<void>((resolve) => {
    queue.start(async (_, line) => {
      if (line === 0 && done.length < 3) return 5;
      done.push(line);
      if (done.length === 4) resolve();
      return undefined;
    }, 1);
  });
  return done;
}
