import { ContentReader } from "./content-reader.ts";
import { EventQueue } from "./event-queue.ts";
import type { ToolCallEvent } from "./events.ts";
import { THINK_END } from "./markers.ts";
import type { ToolCallParser } from "./parser.ts";
import {
  createReasoningTracker,
  type ReasoningPiece,
  type ReasoningTracker,
  type ReasoningTrackerOptions,
} from "./reasoning-tracker.ts";
import type { SegmentList } from "./segments.ts";

/**
 * The parser that repairs what can be repaired and keeps the rest as text.
 *
 * @param trace - takes what becomes of every character, in order.
 */
export function createRobustParser(options: ReasoningTrackerOptions, trace?: SegmentList): ToolCallParser {
  return new RobustParser(options, trace);
}

class RobustParser implements ToolCallParser {
  readonly reasoning: ReasoningTracker;
  readonly #events = new EventQueue();
  readonly #content: ContentReader;
  readonly #trace: SegmentList | undefined;
  #isReasoning: boolean;

  constructor(options: ReasoningTrackerOptions, trace: SegmentList | undefined) {
    this.reasoning = createReasoningTracker(options);
    this.#isReasoning = options.reasoning === "on";
    this.#trace = trace;
    this.#content = new ContentReader(this.#events, trace);
  }

  push(text: string): ToolCallEvent[] {
    for (const piece of this.reasoning.push(text)) this.#take(piece);
    return this.#events.drain(false);
  }

  flush(): ToolCallEvent[] {
    for (const piece of this.reasoning.flush()) this.#take(piece);
    this.#content.flush();
    return this.#events.drain(true);
  }

  #take({ kind, text }: ReasoningPiece): void {
    if (kind !== "content") this.#trace?.add(kind, text);
    if (kind === "reasoning") this.#events.add({ type: "reasoning-delta", text });
    if (kind === "marker" && text === THINK_END) {
      this.#isReasoning = false;
      this.#content.afterMarker();
    }
    if (kind !== "content") return;
    if (this.#isReasoning) {
      this.#isReasoning = false;
      this.#events.warn("TOOL_CALL_IN_REASONING", "<TOOLCALL> came before </think> and ended the reasoning.");
    }
    this.#content.push(text);
  }
}
