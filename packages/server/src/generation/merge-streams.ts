import type { ServedEvent } from "../model/served-model.ts";
import type { ChoiceEvent } from "./start-generation.ts";

type Step = { readonly choice: number; readonly step: IteratorResult<ServedEvent, void> };

/** Events of several answers in the order in which they come. When one fails, all end. */
export async function* mergeStreams(
  streams: readonly AsyncGenerator<ServedEvent, void, undefined>[],
): AsyncGenerator<ChoiceEvent, void, undefined> {
  const next = async (choice: number): Promise<Step> => ({ choice, step: await streams[choice]!.next() });
  const pending = new Map<number, Promise<Step>>();
  try {
    for (const choice of streams.keys()) pending.set(choice, next(choice));
    while (pending.size > 0) {
      const { choice, step } = await Promise.race(pending.values());
      if (step.done) {
        pending.delete(choice);
        continue;
      }
      yield { choice, event: step.value };
      pending.set(choice, next(choice));
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => {});
    // A stream that waits ends when its wait does; nobody has to wait for that here.
    for (const stream of streams) stream.return().catch(() => {});
  }
}
