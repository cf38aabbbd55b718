import { isSpace, matchMarker, THINK_END, THINK_START, TOOL_CALL_START } from "./markers.ts";

/** Where in its answer the model is, after the text pushed so far. */
export interface ReasoningState {
  /** Never goes back from `content` to `reasoning`. */
  readonly phase: "reasoning" | "content";
  /**
   * While reasoning: the end of the text, where it may be the beginning of a marker that ends the
   * reasoning, such as `</th`; empty where it is not.
   */
  readonly partialMarker: string;
}

/** A part of the text, in order: together the pieces are the text. */
export interface ReasoningPiece {
  /** `marker` is `<think>` or `</think>`; `space` is white space beside one of these. */
  readonly kind: "reasoning" | "content" | "marker" | "space";
  readonly text: string;
}

export interface ReasoningTracker extends ReasoningState {
  /** The parts that are decided; white space and the beginnings of markers wait for what follows. */
  push(text: string): ReasoningPiece[];
  /** The parts that waited, at the end of the text. */
  flush(): ReasoningPiece[];
}

export interface ReasoningTrackerOptions {
  /** The state in which the prompt leaves the model. Off means that its text is content from the start. */
  readonly reasoning: "on" | "off";
  /** Whether `<TOOLCALL>` before a `[` or `{` also ends the reasoning. Default `closes-reasoning`. */
  readonly toolCallInReasoning?: "closes-reasoning" | "literal";
}

/**
 * Tells reasoning from content: one state machine for whoever shows the reasoning and whoever limits it.
 *
 * The reasoning ends at the first `</think>`. A `<think>` at its very start is the prompt's, echoed.
 */
export function createReasoningTracker(options: ReasoningTrackerOptions): ReasoningTracker {
  return new Tracker(options);
}

class Tracker implements ReasoningTracker {
  phase: "reasoning" | "content";
  readonly #markers: readonly string[];
  #pieces: { kind: ReasoningPiece["kind"]; text: string }[] = [];
  /** Waiting: white space, then a marker or its beginning, then white space after a whole `<TOOLCALL>`. */
  #space = "";
  #candidate = "";
  #spaceAfter = "";
  /** What is before the waiting text: nothing, `<think>`, or reasoning. */
  #before: "nothing" | "think-start" | "reasoning" = "nothing";

  constructor({ reasoning, toolCallInReasoning = "closes-reasoning" }: ReasoningTrackerOptions) {
    this.phase = reasoning === "on" ? "reasoning" : "content";
    this.#markers =
      toolCallInReasoning === "literal"
        ? [THINK_START, THINK_END]
        : [THINK_START, THINK_END, TOOL_CALL_START];
  }

  get partialMarker(): string {
    return this.#candidate + this.#spaceAfter;
  }

  push(text: string): ReasoningPiece[] {
    let i = 0;
    while (i < text.length && this.phase === "reasoning") this.#step(text[i++]!);
    this.#add("content", text.slice(i));
    return this.#drain();
  }

  flush(): ReasoningPiece[] {
    this.#settleCandidate();
    this.#settleSpace();
    return this.#drain();
  }

  #step(char: string): void {
    if (this.#candidate === TOOL_CALL_START) {
      if (isSpace(char)) {
        this.#spaceAfter += char;
        return;
      }
      if (char === "[" || char === "{") {
        this.#add("content", this.#space + this.#candidate + this.#spaceAfter + char);
        this.#enterContent();
        return;
      }
    } else if (this.#candidate !== "") {
      const candidate = this.#candidate + char;
      const match = matchMarker(candidate, this.#markers);
      if (match === "whole" && this.#takeMarker(candidate)) return;
      if (match === "partial" || candidate === TOOL_CALL_START) {
        this.#candidate = candidate;
        return;
      }
    }
    this.#settleCandidate();
    if (isSpace(char)) this.#space += char;
    else if (char === "<") this.#candidate = char;
    else this.#reason(char);
  }

  /** Whether the marker counts here: `<think>` does at the start alone, `<TOOLCALL>` not before its bracket. */
  #takeMarker(marker: string): boolean {
    const isEcho = marker === THINK_START && this.#before === "nothing";
    if (marker !== THINK_END && !isEcho) return false;
    this.#candidate = "";
    this.#add("space", this.#space);
    this.#add("marker", marker);
    this.#space = "";
    if (isEcho) this.#before = "think-start";
    else this.#enterContent();
    return true;
  }

  #enterContent(): void {
    this.phase = "content";
    this.#space = this.#candidate = this.#spaceAfter = "";
  }

  /** The candidate is not a marker, so it is reasoning. */
  #settleCandidate(): void {
    if (this.#candidate === "") return;
    this.#reason(this.#candidate);
    this.#space = this.#spaceAfter;
    this.#candidate = this.#spaceAfter = "";
  }

  #reason(text: string): void {
    this.#settleSpace();
    this.#before = "reasoning";
    this.#add("reasoning", text);
  }

  #settleSpace(): void {
    this.#add(this.#before === "think-start" ? "space" : "reasoning", this.#space);
    this.#space = "";
  }

  #add(kind: ReasoningPiece["kind"], text: string): void {
    if (text === "") return;
    const last = this.#pieces.at(-1);
    if (kind !== "marker" && last?.kind === kind) last.text += text;
    else this.#pieces.push({ kind, text });
  }

  #drain(): ReasoningPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}
