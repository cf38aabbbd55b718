import { z } from "zod";
import type { ServedChatRequest } from "../model/served-model.ts";

const mode = z.enum(["auto", "required"]);
const type = z.literal("function");
const named = z.object({ name: z.string() });

/** Of chat completions, where what is special to a kind stands in a field of its name. */
export const chatToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.object({ type, function: named }),
    z.object({
      type: z.literal("allowed_tools"),
      allowed_tools: z.object({ mode, tools: z.array(z.object({ type, function: named })).min(1) }),
    }),
  ]),
]);

/** Of responses. */
export const responsesToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    named.extend({ type }),
    z.object({ type: z.literal("allowed_tools"), mode, tools: z.array(named.extend({ type })).min(1) }),
  ]),
]);

type ChosenTools = Pick<ServedChatRequest, "toolChoice" | "allowedTools">;

export function chosenInChat(choice: z.infer<typeof chatToolChoice> | null | undefined): ChosenTools {
  if (choice == null || typeof choice === "string") return { toolChoice: choice ?? "auto" };
  if (choice.type === "function") return { toolChoice: { name: choice.function.name } };
  const { mode, tools } = choice.allowed_tools;
  return { toolChoice: mode, allowedTools: tools.map(({ function: { name } }) => name) };
}

export function chosenInResponses(
  choice: z.infer<typeof responsesToolChoice> | null | undefined,
): ChosenTools {
  if (choice == null || typeof choice === "string") return { toolChoice: choice ?? "auto" };
  if (choice.type === "function") return { toolChoice: { name: choice.name } };
  return { toolChoice: choice.mode, allowedTools: choice.tools.map(({ name }) => name) };
}
