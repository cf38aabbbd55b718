import type { Message } from "krait";
import { z } from "zod";
import { ApiError } from "../http/api-error.ts";

const flag = z.boolean().nullish();

/** vLLM's words for where a prompt ends. */
export const promptEndShape: Readonly<
  Record<"add_generation_prompt" | "continue_final_message", z.ZodType<boolean | null | undefined>>
> = { add_generation_prompt: flag, continue_final_message: flag };

type Flags = Readonly<Partial<Record<keyof typeof promptEndShape, boolean | null | undefined>>>;

/** The request itself has them, or the variables for its template. */
type PromptEndFields = Flags & { readonly chat_template_kwargs?: Flags | null | undefined };

export interface PromptEnd {
  /** Those to render. */
  readonly messages: readonly Message[];
  readonly addGenerationPrompt: boolean;
  /** The path of the field that says so, or could. */
  readonly generationPromptField: string;
}

/**
 * Templates go on from a last message of the assistant. Where the request says that this one is whole, an
 * empty one behind it is what the new answer goes on from.
 *
 * @returns the messages to render, and whether the prompt ends where an answer begins.
 * @throws {ApiError} when there is nothing to go on from, a new answer is asked for, too, or both places differ.
 */
export function promptEnd(messages: readonly Message[], fields: PromptEndFields): PromptEnd {
  const add = readFlag(fields, "add_generation_prompt");
  const goOn = readFlag(fields, "continue_final_message");
  const last = messages.at(-1);
  if (goOn.value === true) {
    if (add.value === true) refuse(goOn.path, `not together with \`${add.path}\`.`);
    if (last?.role !== "assistant") refuse(goOn.path, "the last message is not the assistant's.");
    if (last.tool_calls?.length) refuse(goOn.path, "a message with calls of tools is whole.");
    return { messages, addGenerationPrompt: true, generationPromptField: add.path };
  }
  const isNew = goOn.value === false && last?.role === "assistant";
  return {
    messages: isNew ? [...messages, { role: "assistant", content: "" }] : messages,
    addGenerationPrompt: add.value ?? true,
    generationPromptField: add.path,
  };
}

function readFlag(fields: PromptEndFields, name: keyof Flags): { value: boolean | undefined; path: string } {
  const [own, inside] = [fields[name] ?? undefined, fields.chat_template_kwargs?.[name] ?? undefined];
  const path = `chat_template_kwargs.${name}`;
  if (own === undefined && inside !== undefined) return { value: inside, path };
  if (inside !== undefined && own !== inside) refuse(path, `is ${inside}, but \`${name}\` is ${own}.`);
  return { value: own, path: name };
}

function refuse(param: string, why: string): never {
  throw new ApiError("invalid", `${param}: ${why}`, { code: "invalid_value", param });
}
