import { BlockReader } from "./block-reader.ts";
import type { EventQueue } from "./event-queue.ts";
import { isSpace, matchMarker, THINK_END, TOOL_CALL_END, TOOL_CALL_START } from "./markers.ts";
import type { SegmentList } from "./segments.ts";

const MARKERS = [THINK_END, TOOL_CALL_START, TOOL_CALL_END];

/**
 * Reads what follows the reasoning: text, and blocks of tool calls in it.
 *
 * White space beside a marker is dropped at the beginning and at the end of the text; between two texts
 * it is kept, so that they do not run into one another.
 */
export class ContentReader {
  readonly #events: EventQueue;
  readonly #trace: SegmentList | undefined;
  /** The beginning of a marker, while it may become one. */
  #candidate = "";
  /** White space that waits for what follows, and whether a marker is beside it. */
  #space = "";
  #isBesideMarker = false;
  #hasText = false;
  #block: BlockReader | undefined;
  /** What the next `</TOOLCALL>` outside of a block is: after a block that broke, its end. */
  #nextEnd: "stray" | "text" | "marker" = "stray";

  constructor(events: EventQueue, trace: SegmentList | undefined) {
    this.#events = events;
    this.#trace = trace;
  }

  push(text: string): void {
    // What a broken block gives back is read again, before the rest.
    const waiting = [text];
    for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
      for (let i = 0; i < current.length; i++) {
        const again = this.#step(current[i]!);
        if (again === "") continue;
        waiting.push(current.slice(i + 1), again);
        break;
      }
    }
  }

  flush(): void {
    while (this.#block) {
      const block = this.#block;
      if (block.hasCalls && !block.isInCall) {
        this.#warnOfMissingEnd();
        this.#endBlock();
        this.push(block.source);
      } else {
        block.abort();
        this.push(this.#breakBlock(block));
      }
    }
    if (this.#candidate !== "") this.#write(this.#candidate);
    this.#candidate = "";
    this.#settleSpace(!this.#isBesideMarker);
  }

  /** A marker was read outside of the content, just before it. */
  afterMarker(): void {
    this.#isBesideMarker = true;
  }

  /** @returns text to be read again. */
  #step(char: string): string {
    if (this.#block) return this.#stepBlock(this.#block, char);
    if (this.#candidate !== "") {
      const candidate = this.#candidate + char;
      const match = matchMarker(candidate, MARKERS);
      this.#candidate = match === "partial" ? candidate : "";
      if (match === "whole") this.#takeMarker(candidate);
      if (match !== "none") return "";
      this.#write(candidate.slice(0, -1));
    }
    if (char === "<") this.#candidate = char;
    else if (isSpace(char)) this.#holdSpace(char);
    else this.#write(char);
    return "";
  }

  #stepBlock(block: BlockReader, char: string): string {
    const step = block.step(char);
    if (step === "broken") return this.#breakBlock(block);
    if (step === "closed") this.#endBlock();
    if (step === "reopened") {
      this.#warnOfMissingEnd();
      this.#endBlock();
      this.#takeMarker(TOOL_CALL_START);
    }
    return "";
  }

  #takeMarker(marker: string): void {
    if (marker === TOOL_CALL_START) {
      this.#block = new BlockReader(this.#events, this.#trace);
      return;
    }
    if (marker === TOOL_CALL_END) {
      if (this.#nextEnd === "marker") this.#dropMarker(marker);
      else this.#write(marker);
      if (this.#nextEnd === "stray") {
        this.#events.warn(
          "TOOL_CALL_END_STRAY",
          "</TOOLCALL> without <TOOLCALL> before it was kept as text.",
        );
      }
      this.#nextEnd = "stray";
      return;
    }
    const kept = this.#hasText ? "kept as text" : "dropped";
    if (this.#hasText) this.#write(marker);
    else this.#dropMarker(marker);
    this.#events.warn("THINK_END_STRAY", `</think> outside of reasoning was ${kept}.`);
  }

  #endBlock(): void {
    this.#block = undefined;
    this.#nextEnd = "stray";
    this.#isBesideMarker = true;
  }

  /** A block without a call becomes text as a whole; after a call, from where it broke. */
  #breakBlock(block: BlockReader): string {
    this.#events.warn("TOOL_CALL_MALFORMED", "What is not a valid tool call was kept as text.");
    if (block.hasCalls) {
      this.#endBlock();
      this.#nextEnd = "marker";
      return block.source;
    }
    this.#block = undefined;
    this.#nextEnd = "text";
    this.#write(TOOL_CALL_START);
    return block.source.slice(TOOL_CALL_START.length);
  }

  #warnOfMissingEnd(): void {
    this.#events.warn("TOOL_CALL_END_MISSING", "</TOOLCALL> is missing after the tool calls.");
  }

  #dropMarker(marker: string): void {
    this.#trace?.add("marker", marker);
    this.#isBesideMarker = true;
  }

  #holdSpace(space: string): void {
    this.#space += space;
    this.#trace?.hold(space);
  }

  #write(text: string): void {
    this.#settleSpace(this.#hasText || !this.#isBesideMarker);
    this.#isBesideMarker = false;
    this.#hasText = true;
    this.#events.add({ type: "text-delta", text });
    this.#trace?.add("text", text);
  }

  #settleSpace(isText: boolean): void {
    if (isText) this.#events.add({ type: "text-delta", text: this.#space });
    this.#trace?.settle(isText ? "text" : "space");
    this.#space = "";
  }
}
