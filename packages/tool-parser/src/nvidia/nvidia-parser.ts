import { EventQueue } from "../event-queue.ts";
import { THINK_START, TOOL_CALL_START } from "../markers.ts";
import type { ToolCallParser } from "../parser.ts";
import { createReasoningTracker, type ReasoningPiece } from "../reasoning-tracker.ts";
import { extractToolCalls } from "./nvidia-tool-calls.ts";

/**
 * The reasoning and tool parsers published with NVIDIA-Nemotron-Nano-9B-v2, one after the other, in
 * their forms that take a whole text. Reasoning and the text before the first `<TOOLCALL>` are streamed;
 * what follows is known only at the end.
 */
export function createNvidiaParser(reasoning: "on" | "off"): ToolCallParser {
  const tracker = createReasoningTracker({ reasoning, toolCallInReasoning: "literal" });
  const events = new EventQueue();
  /** Content that is not yet reported. */
  let content = "";
  let isInBlock = false;
  let isAtStart = true;

  function take({ kind, text }: ReasoningPiece): void {
    if (kind === "content") content += text;
    else if (kind !== "marker") events.add({ type: "reasoning-delta", text });
    // The published parser takes an echo of <think> for a marker only where nothing is before it.
    else if (text === THINK_START && !isAtStart) events.add({ type: "reasoning-delta", text });
    isAtStart = false;
  }

  /** Reports the content up to where a block may begin. */
  function reportText(): void {
    const start = startOfMarker(content);
    events.add({ type: "text-delta", text: content.slice(0, start) });
    content = content.slice(start);
    isInBlock = content.startsWith(TOOL_CALL_START);
  }

  return {
    reasoning: tracker,
    push(text) {
      for (const piece of tracker.push(text)) take(piece);
      if (!isInBlock) reportText();
      return events.drain(false);
    },
    flush() {
      for (const piece of tracker.flush()) take(piece);
      const { text, toolCalls } = extractToolCalls(content);
      events.add({ type: "text-delta", text });
      for (const call of toolCalls) {
        const index = events.startCall(call.name);
        events.add({ type: "tool-call-delta", index, text: call.arguments });
        events.add({ type: "tool-call-end", index, ...call });
      }
      return events.drain(true);
    },
  };
}

/** Where `<TOOLCALL>` begins, or what may become one at the end; else the length of the text. */
function startOfMarker(text: string): number {
  const whole = text.indexOf(TOOL_CALL_START);
  if (whole >= 0) return whole;
  const last = text.lastIndexOf("<");
  return last >= 0 && TOOL_CALL_START.startsWith(text.slice(last)) ? last : text.length;
}
