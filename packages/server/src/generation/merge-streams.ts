/** An event, and of which stream it is. */
export interface StreamEvent<Event> {
  readonly stream: number;
  readonly event: Event;
}

/** Events of several streams in the order in which they come. When one fails, all end. */
export async function* mergeStreams<Event>(
  streams: readonly AsyncGenerator<Event, void, undefined>[],
): AsyncGenerator<StreamEvent<Event>, void, undefined> {
  const next = async (stream: number) => ({ stream, step: await streams[stream]!.next() });
  const pending = new Map<number, ReturnType<typeof next>>();
  try {
    for (const stream of streams.keys()) pending.set(stream, next(stream));
    while (pending.size > 0) {
      const { stream, step } = await Promise.race(pending.values());
      if (step.done) {
        pending.delete(stream);
        continue;
      }
      yield { stream, event: step.value };
      pending.set(stream, next(stream));
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => {});
    // A stream that waits ends when its wait does; nobody has to wait for that here.
    for (const stream of streams) stream.return().catch(() => {});
  }
}
