import { CallReader } from "./call-reader.ts";
import type { EventQueue } from "./event-queue.ts";
import { isSpace, matchMarker, TOOL_CALL_END, TOOL_CALL_START } from "./markers.ts";
import { SegmentList } from "./segments.ts";

const MARKERS = [TOOL_CALL_START, TOOL_CALL_END];

type BlockStep =
  | "more"
  /** `</TOOLCALL>` was read. */
  | "closed"
  /** `<TOOLCALL>` was read: the block ended without `</TOOLCALL>`, and another begins. */
  | "reopened"
  /** This is no block, or no block any more: {@link BlockReader.source} is not part of it. */
  | "broken";

/**
 * Reads a block of tool calls, from behind its `<TOOLCALL>`: a list of calls, of whose brackets and
 * commas any may be missing.
 */
export class BlockReader {
  /** Whether a call is complete. From then on the block stands, whatever follows. */
  hasCalls = false;
  readonly #events: EventQueue;
  readonly #trace: SegmentList | undefined;
  /** What was read since the last complete call and is not known to belong to the block. */
  readonly #undecided = new SegmentList();
  #candidate = "";
  #list: "unopened" | "open" | "closed" = "unopened";
  #call: CallReader | undefined;
  /** Index of the call in the events, once it was started there. */
  #index: number | undefined;

  constructor(events: EventQueue, trace: SegmentList | undefined) {
    this.#events = events;
    this.#trace = trace;
    this.#undecided.add("marker", TOOL_CALL_START);
  }

  /** Whether a call is begun and not complete. */
  get isInCall(): boolean {
    return this.#call !== undefined;
  }

  /** What was read and does not belong to the block; with no call, all of it. */
  get source(): string {
    return this.#undecided.text + (this.#call?.segments.text ?? "") + this.#candidate;
  }

  step(char: string): BlockStep {
    if (this.#call) return this.#stepCall(this.#call, char);
    if (this.#candidate !== "" || char === "<") return this.#stepMarker(char);
    if (isSpace(char)) return this.#take("space", char);
    if (!this.#fits(char)) {
      this.#undecided.add("marker", char);
      return "broken";
    }
    if (char === "[") this.#list = "open";
    if (char === "]") this.#list = "closed";
    if (char !== "{") return this.#take("marker", char);
    this.#undecided.add("marker", char);
    this.#call = new CallReader();
    return "more";
  }

  /** Withdraws a call that was started and will not be completed. */
  abort(): void {
    if (this.#index !== undefined) this.#events.add({ type: "tool-call-abort", index: this.#index });
    this.#index = undefined;
  }

  #fits(char: string): boolean {
    if (char === "[") return this.#list === "unopened" && !this.hasCalls;
    if (char === "]") return this.#list === "open" || (this.#list === "unopened" && this.hasCalls);
    if (char === ",") return this.#list !== "closed" && this.hasCalls;
    return char === "{" && this.#list !== "closed";
  }

  #stepMarker(char: string): BlockStep {
    this.#candidate += char;
    const match = matchMarker(this.#candidate, MARKERS);
    if (match === "partial") return "more";
    const isEmptyList = this.#list === "closed" && !this.hasCalls;
    if (match === "none" || !(this.hasCalls || (isEmptyList && this.#candidate === TOOL_CALL_END))) {
      return "broken";
    }
    if (this.#candidate === TOOL_CALL_START) return "reopened";
    this.#undecided.add("marker", this.#candidate);
    this.#undecided.moveTo(this.#trace);
    if (isEmptyList) {
      this.#events.warn("TOOL_CALL_BLOCK_EMPTY", "The model wrote a list of tool calls without a call.");
    }
    return "closed";
  }

  #stepCall(call: CallReader, char: string): BlockStep {
    const step = call.step(char);
    if (step === "broken") {
      this.abort();
      return "broken";
    }
    if (call.name !== undefined && this.#index === undefined) {
      this.#index = this.#events.startCall(call.name);
      this.#grow(call.arguments ?? "");
    } else if (this.#index !== undefined) {
      this.#grow(call.piece);
    }
    if (step === "done") this.#endCall(call, call.name!);
    return "more";
  }

  #grow(text: string): void {
    this.#events.add({ type: "tool-call-delta", index: this.#index!, text });
  }

  #endCall(call: CallReader, name: string): void {
    if (call.arguments === undefined) {
      this.#grow("{}");
      this.#events.warn("ARGUMENTS_MISSING", `The call of "${name}" has no arguments; {} is assumed.`);
    } else if (!call.argumentsAreObject) {
      this.#events.warn("ARGUMENTS_NOT_OBJECT", `The arguments of "${name}" are not a JSON object.`);
    }
    for (const source of call.others) {
      this.#events.warn("MEMBER_UNKNOWN", `The call of "${name}" has a member that is not known.`, source);
    }
    this.#events.add({
      type: "tool-call-end",
      index: this.#index!,
      ...(call.id !== undefined && { id: call.id }),
      name,
      arguments: call.arguments ?? "{}",
    });
    this.hasCalls = true;
    this.#index = this.#call = undefined;
    this.#undecided.moveTo(this.#trace);
    call.segments.moveTo(this.#trace);
  }

  #take(kind: "marker" | "space", char: string): BlockStep {
    this.#undecided.add(kind, char);
    if (this.hasCalls) this.#undecided.moveTo(this.#trace);
    return "more";
  }
}
