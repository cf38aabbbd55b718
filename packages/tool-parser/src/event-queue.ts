import type { ParseWarningCode, ToolCallEvent } from "./events.ts";

type DeltaEvent = Extract<ToolCallEvent, { text: string }>;
type Growing<Event> = Event extends DeltaEvent ? Omit<Event, "text"> & { text: string } : Event;

/** Collects the events of one push: deltas of one kind become one, and none ends in half a character. */
export class EventQueue {
  #events: Growing<ToolCallEvent>[] = [];
  #calls = 0;

  add(event: ToolCallEvent): void {
    if (!("text" in event)) {
      this.#events.push(event);
      return;
    }
    if (event.text === "") return;
    const last = this.#events.at(-1);
    if (last && isSameDelta(last, event)) last.text += event.text;
    else this.#events.push({ ...event });
  }

  /** Adds the start of a call, and gives its index. */
  startCall(name: string): number {
    const index = this.#calls++;
    this.#events.push({ type: "tool-call-start", index, name });
    return index;
  }

  warn(code: ParseWarningCode, message: string, source?: string): void {
    this.add({ type: "warning", code, message, ...(source !== undefined && { source }) });
  }

  /** The events so far. The first half of a surrogate pair waits for the second, save at the end of the text. */
  drain(atEnd: boolean): ToolCallEvent[] {
    const events = this.#events;
    this.#events = [];
    const last = events.at(-1);
    if (!atEnd && last && "text" in last && isHighSurrogate(last.text.charCodeAt(last.text.length - 1))) {
      events.pop();
      if (last.text.length > 1) events.push({ ...last, text: last.text.slice(0, -1) });
      this.#events.push({ ...last, text: last.text.slice(-1) });
    }
    return events;
  }
}

function isSameDelta(last: Growing<ToolCallEvent>, event: DeltaEvent): last is Growing<DeltaEvent> {
  if (last.type !== event.type) return false;
  return last.type !== "tool-call-delta" || last.index === (event as typeof last).index;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
