import { Answer } from "../../generation/answer.ts";
import type { ChoiceEvent } from "../../generation/start-generation.ts";
import { logprobsContent } from "./logprobs.ts";
import type { ResponseHead } from "./response-head.ts";
import { finishReason, usageBody } from "./response-words.ts";

/** The whole answer, as the sum of what a stream would have sent. */
export async function chatCompletion(
  head: ResponseHead,
  events: AsyncIterable<ChoiceEvent>,
): Promise<object> {
  const answers = Array.from({ length: head.choices }, () => new Answer());
  for await (const { choice, event } of events) answers[choice]!.add(event);
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: answers.map((answer, index) => ({
      index,
      message: message(answer, head),
      logprobs: head.logprobs ? { content: answer.tokens.map(logprobsContent), refusal: null } : null,
      finish_reason: finishReason(answer.finish!.finishReason),
      ...(answer.finish!.stop !== undefined && { stop_reason: answer.finish!.stop }),
      ...(answer.finish!.reasoningEnd !== undefined && { reasoning_end: answer.finish!.reasoningEnd }),
    })),
    usage: usageBody(answers.map((answer) => answer.finish!.usage)),
    system_fingerprint: null,
  };
}

function message({ text, reasoning, calls }: Answer, { showsReasoning }: ResponseHead): object {
  return {
    role: "assistant",
    // Null says that there are calls instead, never that there was no text to be had.
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(showsReasoning && reasoning !== "" && { reasoning, reasoning_content: reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, arguments: json }) => ({
        id,
        type: "function",
        function: { name, arguments: json },
      })),
    }),
  };
}
