import type { Capabilities } from "./capabilities.ts";
import { type Fields, isFields } from "./checks.ts";
import { strip } from "./python-text.ts";
import { CLOSE } from "./reasoning.ts";
import type { Turn } from "./repairs.ts";

// What the last message means for the place where the reply begins.

export function roleOf(turn: Turn | undefined): unknown {
  return isFields(turn?.message) ? turn.message.role : undefined;
}

/**
 * Whether a template would fail at, or leave out, a part of the last message: a system message with nothing
 * after it, or tool calls at the end.
 */
export function losesLastMessage(turns: readonly Turn[], capabilities: Capabilities): boolean {
  const last = turns.at(-1);
  if (roleOf(last) === "system") return true;
  const calls = roleOf(last) === "assistant" && isFields(last?.message) ? last.message.tool_calls : undefined;
  return Array.isArray(calls) && calls.length > 0 && !capabilities.keepsLastToolCalls;
}

/**
 * The text of a last assistant message, which is the start of the reply; undefined where it is whole, as one
 * with tool calls is.
 */
export function replyStartOf(turns: readonly Turn[]): string | undefined {
  const message = turns.at(-1)?.message;
  if (!isFields(message) || message.role !== "assistant" || typeof message.content !== "string")
    return undefined;
  return Array.isArray(message.tool_calls) && message.tool_calls.length > 0 ? undefined : message.content;
}

/** The conversation with a mark where the start of the reply ends. */
export function markReplyStart(turns: readonly Turn[], mark: string): readonly Turn[] {
  const last = turns.at(-1)!;
  const message = { ...(last.message as Fields), content: `${replyStartOf(turns)}${mark}` };
  return [...turns.slice(0, -1), { ...last, message }];
}

/**
 * The conversation up to where a reply begins, without the start of a reply that the caller gave.
 *
 * @param follower - a message to put at the end where the template would otherwise fail.
 */
export function turnsBeforeReply(turns: readonly Turn[], follower: Turn): readonly Turn[] {
  const before = roleOf(turns.at(-1)) === "assistant" ? turns.slice(0, -1) : turns;
  return before.length === turns.length || ["user", "tool"].includes(String(roleOf(before.at(-1))))
    ? before
    : [...before, follower];
}

/** Whether the start of a reply, given as a last assistant message, has ended its reasoning already. */
export function replyStartClosesReasoning(turns: readonly Turn[], text: string): boolean {
  const last = turns.at(-1);
  const content = roleOf(last) === "assistant" && isFields(last?.message) ? last.message.content : undefined;
  if (typeof content !== "string") return false;
  const start = strip(content, "both");
  return start.includes(CLOSE) && text.endsWith(start);
}
