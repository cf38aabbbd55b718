import type { ToolRunEvent } from "krait";
import type { TimedEvent } from "../conversation/apply-events.ts";

/** Milliseconds between two changes of what is shown: often enough to read along, seldom enough to leave time. */
const REFRESH_INTERVAL = 32;

/** Gathers events for a moment, since each change of what is shown costs more than an event. */
export class EventGatherer {
  readonly #show: (events: readonly TimedEvent[]) => Promise<void>;
  #waiting: TimedEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shown: Promise<void> = Promise.resolve();

  /** @param show - is called with events in their order, and again only after it is done. */
  constructor(show: (events: readonly TimedEvent[]) => Promise<void>) {
    this.#show = show;
  }

  add(event: ToolRunEvent): void {
    this.#waiting.push({ event, at: Date.now() });
    this.#timer ??= setTimeout(() => void this.flush(), REFRESH_INTERVAL);
  }

  /** Shows all events that have come; resolves when that is done. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) this.#shown = this.#shown.then(() => this.#show(events));
    await this.#shown;
  }
}
