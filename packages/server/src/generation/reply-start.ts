import type { Message } from "krait";
import { ApiError } from "../http/api-error.ts";
import type { ReasoningOptions } from "./reasoning-options.ts";

/**
 * A last message of the assistant is the start of its answer, which goes on behind it. What clients put there
 * is text that people see, so there is no reasoning before it, unless the start has markers of its own.
 *
 * @param path - of the messages, for the error.
 * @returns whether there is reasoning, which may be left open.
 * @throws {ApiError} when reasoning is asked for all the same.
 */
export function reasoningOfReply(
  messages: readonly Message[],
  { reasoning }: { readonly reasoning?: ReasoningOptions["reasoning"] },
  path: string,
): "on" | "off" | undefined {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || last.tool_calls?.length) return reasoning;
  const { content } = last;
  if (typeof content !== "string" || content === "" || /<\/?think>/.test(content)) return reasoning;
  if (reasoning !== "on") return "off";
  throw new ApiError(
    "invalid",
    `${path}: an answer that has begun has no reasoning before it. Switch it off.`,
    {
      code: "invalid_value",
      param: path,
    },
  );
}
