import { z } from "zod";
import type { ServedChatRequest } from "../model/served-model.ts";

interface Named {
  readonly type: "function";
  readonly name: string;
}

interface NamedInside {
  readonly type: "function";
  readonly function: { readonly name: string };
}

type Mode = "auto" | "required";

/** Of chat completions, where what is special to a kind stands in a field of its name. */
export type ChatToolChoice =
  | "none"
  | Mode
  | NamedInside
  | {
      readonly type: "allowed_tools";
      readonly allowed_tools: { readonly mode: Mode; readonly tools: readonly NamedInside[] };
    };

/** Of responses. */
export type ResponsesToolChoice =
  | "none"
  | Mode
  | Named
  | { readonly type: "allowed_tools"; readonly mode: Mode; readonly tools: readonly Named[] };

const word = z.enum(["none", "auto", "required"]);
const mode = z.enum(["auto", "required"]);
const named = z.object({ type: z.literal("function"), name: z.string() });
const namedInside = z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) });
const allowed = z.literal("allowed_tools");

export const chatToolChoice: z.ZodType<ChatToolChoice> = z.union([
  word,
  z.discriminatedUnion("type", [
    namedInside,
    z.object({ type: allowed, allowed_tools: z.object({ mode, tools: z.array(namedInside).min(1) }) }),
  ]),
]);

export const responsesToolChoice: z.ZodType<ResponsesToolChoice> = z.union([
  word,
  z.discriminatedUnion("type", [named, z.object({ type: allowed, mode, tools: z.array(named).min(1) })]),
]);

type ChosenTools = Pick<ServedChatRequest, "toolChoice" | "allowedTools">;

export function chosenInChat(choice: ChatToolChoice | null | undefined): ChosenTools {
  if (choice == null || typeof choice === "string") return { toolChoice: choice ?? "auto" };
  if (choice.type === "function") return { toolChoice: { name: choice.function.name } };
  const { mode, tools } = choice.allowed_tools;
  return { toolChoice: mode, allowedTools: tools.map(({ function: { name } }) => name) };
}

export function chosenInResponses(choice: ResponsesToolChoice | null | undefined): ChosenTools {
  if (choice == null || typeof choice === "string") return { toolChoice: choice ?? "auto" };
  if (choice.type === "function") return { toolChoice: { name: choice.name } };
  return { toolChoice: choice.mode, allowedTools: choice.tools.map(({ name }) => name) };
}
