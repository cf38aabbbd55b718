/** Events that are read once, by whoever reads them, and the outcome that they lead to. */
export interface EventStream<Event, Outcome> extends AsyncIterable<Event> {
  /**
   * The outcome, once all events are read. Reads them itself if nobody has begun to.
   *
   * @throws what the iteration throws, or an `AbortError` when it was left before its end.
   */
  result(): Promise<Outcome>;
}

/**
 * @param produce - yields the events, and settles the outcome with its argument at the latest when it ends.
 */
export function eventStream<Event, Outcome>(
  produce: (settle: (outcome: Outcome) => void) => AsyncGenerator<Event, void, undefined>,
): EventStream<Event, Outcome> {
  let settle: (outcome: Outcome) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const outcome = new Promise<Outcome>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  // Whoever iterates sees the failure there; it is nobody's only if nobody does either.
  outcome.catch(() => {});

  const events = produce((value) => settle(value));
  const leftEarly = (): void => fail(new DOMException("The stream was left before its end.", "AbortError"));
  let isRead = false;
  const iterator: AsyncIterator<Event, void, undefined> = {
    async next() {
      isRead = true;
      try {
        const step = await events.next();
        if (step.done) leftEarly();
        return step;
      } catch (error) {
        fail(error);
        throw error;
      }
    },
    async return() {
      isRead = true;
      try {
        return await events.return();
      } finally {
        leftEarly();
      }
    },
  };

  async function readAll(): Promise<void> {
    for (let step = await iterator.next(); !step.done; ) step = await iterator.next();
  }

  return {
    [Symbol.asyncIterator]: () => iterator,
    result() {
      if (!isRead) readAll().catch(() => {});
      return outcome;
    },
  };
}
