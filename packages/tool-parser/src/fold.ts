import type { ParseResult, ParseWarning, ToolCall, ToolCallEvent } from "./events.ts";

/** Adds up the events of a stream. Calls that broke off, or whose end has not come, are left out. */
export function foldEvents(events: Iterable<ToolCallEvent>): ParseResult {
  let reasoning = "";
  let text = "";
  const toolCalls: ToolCall[] = [];
  const warnings: ParseWarning[] = [];
  for (const event of events) {
    if (event.type === "reasoning-delta") reasoning += event.text;
    else if (event.type === "text-delta") text += event.text;
    else if (event.type === "tool-call-end") {
      const { type, index, ...call } = event;
      toolCalls.push(call);
    } else if (event.type === "warning") {
      const { type, ...warning } = event;
      warnings.push(warning);
    }
  }
  return { reasoning, text, toolCalls, warnings };
}
