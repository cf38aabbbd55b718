import type { Message } from "krait";
import { ApiError } from "../http/api-error.ts";

/** vLLM's words for where a prompt ends. */
interface PromptEnd {
  readonly add_generation_prompt?: boolean | null | undefined;
  readonly continue_final_message?: boolean | null | undefined;
}

/**
 * Templates go on from a last message of the assistant. Where the request says that this one is whole, an
 * empty one behind it is what the new answer goes on from.
 *
 * @returns the messages to render, and whether the prompt ends where an answer begins.
 * @throws {ApiError} when there is nothing to go on from, or a new answer is asked for, too.
 */
export function promptEnd(
  messages: readonly Message[],
  { add_generation_prompt, continue_final_message }: PromptEnd,
): { readonly messages: readonly Message[]; readonly addGenerationPrompt: boolean } {
  const last = messages.at(-1);
  if (continue_final_message !== true) {
    const isNew = continue_final_message === false && last?.role === "assistant";
    return {
      messages: isNew ? [...messages, { role: "assistant", content: "" }] : messages,
      addGenerationPrompt: add_generation_prompt ?? true,
    };
  }
  if (add_generation_prompt === true) refuse("not together with `add_generation_prompt`.");
  if (last?.role !== "assistant") refuse("the last message is not the assistant's.");
  if (last.tool_calls?.length) refuse("a message with calls of tools is whole.");
  return { messages, addGenerationPrompt: true };
}

function refuse(why: string): never {
  const param = "continue_final_message";
  throw new ApiError("invalid", `${param}: ${why}`, { code: "invalid_value", param });
}
