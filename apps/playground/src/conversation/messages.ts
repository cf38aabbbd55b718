import type { Message } from "krait";
import type { AssistantTurn, Step, Turn } from "./turn.ts";

/** A path through a conversation as the model is given it. Reasoning is not part of a history. */
export function messagesOf(path: readonly Turn[], systemPrompt: string): readonly Message[] {
  const system: readonly Message[] =
    systemPrompt.trim() === "" ? [] : [{ role: "system", content: systemPrompt }];
  return [...system, ...path.flatMap(messagesOfTurn)];
}

function messagesOfTurn(turn: Turn): readonly Message[] {
  return turn.role === "user" ? [{ role: "user", content: turn.text }] : messagesOfAnswer(turn);
}

function messagesOfAnswer({ steps }: AssistantTurn): readonly Message[] {
  const said = steps.filter(({ text, calls }) => text.trim() !== "" || calls.some(isComplete));
  return said.flatMap(messagesOfStep);
}

function messagesOfStep({ text, calls }: Step): readonly Message[] {
  const made = calls.filter(isComplete);
  if (made.length === 0) return [{ role: "assistant", content: text }];
  return [
    {
      role: "assistant",
      content: text === "" ? null : text,
      tool_calls: made.map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: call.arguments },
      })),
    },
    ...made.map((call): Message => ({ role: "tool", tool_call_id: call.id, content: call.result })),
  ];
}

/** A call without a result, of an answer that was stopped, is none that the model can be told of. */
function isComplete(call: Step["calls"][number]): call is Step["calls"][number] & { readonly id: string } {
  return call.id !== undefined && (call.state === "done" || call.state === "failed");
}
