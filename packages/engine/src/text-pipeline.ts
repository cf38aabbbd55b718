import type { TextStream } from "@krait/tokenizer";
import {
  createReasoningTracker,
  createToolCallParser,
  type ReasoningTracker,
  type ToolCallEvent,
  type ToolCallParser,
} from "@krait/tool-parser";
import { StopFilter } from "./stop-filter.ts";

/** What becomes of the text of generated tokens. */
export interface TextPipeline {
  /** Whether the model is still reasoning, after the tokens pushed so far. */
  readonly reasoning: boolean;
  /** Whether the reasoning ends in what may be the beginning of a marker that closes it. */
  readonly inMarker: boolean;
  /** The stop string that ended the answer, once one has. */
  readonly stopped: string | undefined;
  /** What the token that ended the reasoning brought of the answer. */
  readonly answerStart: string;
  push(token: number): ToolCallEvent[];
  /** What was held back, once no more tokens will come. */
  flush(): ToolCallEvent[];
}

/** Plain text: every character is the answer. */
export function createPlainPipeline(stream: TextStream, stops: readonly string[]): TextPipeline {
  const filter = new StopFilter(stops);
  const delta = (text: string): ToolCallEvent[] => (text === "" ? [] : [{ type: "text-delta", text }]);
  return {
    reasoning: false,
    inMarker: false,
    answerStart: "",
    get stopped() {
      return filter.found;
    },
    push: (token) => delta(filter.push(stream.push(token))),
    flush: () => delta(filter.push(stream.flush()) + filter.flush()),
  };
}

export interface ChatPipelineOptions {
  readonly stops: readonly string[];
  readonly reasoning: "on" | "off";
  readonly toolCallInReasoning: "closes-reasoning" | "literal";
}

/**
 * A chat turn: tokens → text → reasoning or content → stop strings in the content → tool calls.
 *
 * The tracker that tells the engine when reasoning ends reads the same text as the parser does, so that
 * the thinking budget and what the caller sees can never disagree.
 */
export function createChatPipeline(stream: TextStream, options: ChatPipelineOptions): TextPipeline {
  const tracker: ReasoningTracker = createReasoningTracker(options);
  const parser: ToolCallParser = createToolCallParser(options);
  const filter = new StopFilter(options.stops);

  // White space between `</think>` and the answer is part of neither, so no stop string begins there.
  let isBeforeAnswer = options.reasoning === "on";
  let answerStart = "";
  const isReasoning = (): boolean => tracker.phase === "reasoning";
  const pass = (pieces: ReturnType<ReasoningTracker["push"]>): ToolCallEvent[] =>
    pieces.flatMap(({ kind, text }) => {
      if (kind !== "content") return parser.push(text);
      const answer = isBeforeAnswer ? text.search(/[^ \t\r\n]/) : 0;
      if (answer < 0) return parser.push(text);
      isBeforeAnswer = false;
      return [...parser.push(text.slice(0, answer)), ...parser.push(filter.push(text.slice(answer)))];
    });

  return {
    get reasoning() {
      return isReasoning();
    },
    get inMarker() {
      return isReasoning() && tracker.partialMarker !== "";
    },
    get stopped() {
      return filter.found;
    },
    get answerStart() {
      return answerStart;
    },
    push(token) {
      const wasReasoning = isReasoning();
      const pieces = tracker.push(stream.push(token));
      if (wasReasoning && !isReasoning()) answerStart = textAfterReasoning(pieces);
      return pass(pieces);
    },
    flush() {
      const rest = [...tracker.push(stream.flush()), ...tracker.flush()];
      return [...pass(rest), ...parser.push(filter.flush()), ...parser.flush()];
    },
  };
}

/** What follows the marker that closed the reasoning, white space included. */
function textAfterReasoning(pieces: ReturnType<ReasoningTracker["push"]>): string {
  const closing = pieces.findLastIndex(({ kind }) => kind === "marker" || kind === "reasoning");
  return pieces
    .slice(closing + 1)
    .map(({ text }) => text)
    .join("");
}

/** Without a tokenizer there is no text. */
export const noText: TextPipeline = {
  reasoning: false,
  inMarker: false,
  answerStart: "",
  stopped: undefined,
  push: () => [],
  flush: () => [],
};
