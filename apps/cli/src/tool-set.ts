import type { Message, Tool } from "@krait/chat-template";
import {
  type ChatModel,
  type ChatOptions,
  type ChatStream,
  demoTools,
  type ExecutableTool,
  type ToolRun,
} from "krait";
import { UsageError } from "./errors.ts";
import type { GenerationFlags } from "./generation-flags.ts";
import { readTools } from "./tools-file.ts";

/** The tools a model may ask for: called here, or only shown. */
export type ToolSet =
  | { readonly kind: "called"; readonly tools: readonly ExecutableTool[] }
  | { readonly kind: "shown"; readonly tools: readonly Tool[] };

/** The two built-in tools. */
export function demoToolSet(): ToolSet {
  return { kind: "called", tools: demoTools() };
}

/**
 * What `--tools` and `--demo-tools` say.
 *
 * @param byDefault - whether the built-in tools are there when neither flag is.
 */
export async function toolSetOf(flags: GenerationFlags, byDefault = false): Promise<ToolSet | undefined> {
  if (flags.tools !== undefined && flags.demoTools) {
    throw new UsageError("Give --tools or --demo-tools, not both.");
  }
  if (flags.tools !== undefined) return { kind: "shown", tools: await readTools(flags.tools) };
  return (flags.demoTools ?? byDefault) ? demoToolSet() : undefined;
}

/** Each tool's name and description. */
export function toolLines({ tools }: ToolSet): string[] {
  return tools.map((tool) => {
    const { name, description } = "function" in tool ? tool.function : tool;
    return description ? `${name}: ${description}` : name;
  });
}

/** The part of a model that answers. */
export type TalkingModel = Pick<ChatModel, "chat" | "runTools">;

/** The answer to a conversation, with the tools called if they can be. */
export function ask(
  model: TalkingModel,
  messages: readonly Message[],
  options: ChatOptions,
  tools: ToolSet | undefined,
): ChatStream | ToolRun {
  if (tools?.kind === "called") return model.runTools(messages, { ...options, tools: tools.tools });
  return model.chat(messages, { ...options, tools: tools?.tools });
}
