import type { Message } from "krait";
import { z } from "zod";
import { type Content, contentSchema, textOf } from "../../generation/text-content.ts";

const callId = z.string().min(1);

const id = z.string().nullish();

const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message").optional(),
    id,
    role: z.enum(["system", "developer", "user", "assistant"]),
    content: contentSchema,
  }),
  z.object({
    type: z.literal("function_call"),
    id,
    call_id: callId,
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({ type: z.literal("function_call_output"), id, call_id: callId, output: contentSchema }),
  z.object({ type: z.literal("reasoning"), id, summary: z.unknown().optional() }),
  z.object({ type: z.literal("item_reference"), id: z.string() }),
]);

/** Stands for an item of an earlier request or answer, which is kept here. */
export interface ItemReference {
  readonly type: "item_reference";
  readonly id: string;
}

export type InputItem = {
  /** By which an item that was sent back is known here. */
  readonly id?: string | null | undefined;
  readonly status?: string | undefined;
} & (
  | {
      readonly type?: "message" | undefined;
      readonly role: "system" | "developer" | "user" | "assistant";
      readonly content?: Content | null | undefined;
    }
  | {
      readonly type: "function_call";
      readonly call_id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | {
      readonly type: "function_call_output";
      readonly call_id: string;
      readonly output?: Content | null | undefined;
    }
  /** Of an earlier answer. Models of this kind do not read their old reasoning. */
  | { readonly type: "reasoning"; readonly summary?: unknown }
);

export const inputItemSchema: z.ZodType<InputItem | ItemReference> = item;

/** Items to messages. Calls belong to the message before them; reasoning is left out. */
export function toMessages(items: readonly InputItem[]): Message[] {
  const messages: Message[] = [];
  for (const [index, item] of items.entries()) {
    const path = `input[${index}]`;
    if (item.type === "reasoning") continue;
    if (item.type === "function_call") addCall(messages, item);
    else if (item.type === "function_call_output") {
      const content = textOf(item.output, `${path}.output`);
      messages.push({ role: "tool", content, tool_call_id: item.call_id });
    } else messages.push({ role: item.role, content: textOf(item.content, `${path}.content`) });
  }
  return messages;
}

function addCall(messages: Message[], call: InputItem & { type: "function_call" }): void {
  const made = {
    id: call.call_id,
    type: "function" as const,
    function: { name: call.name, arguments: call.arguments },
  };
  const last = messages.at(-1);
  if (last?.role !== "assistant") messages.push({ role: "assistant", content: null, tool_calls: [made] });
  else messages[messages.length - 1] = { ...last, tool_calls: [...(last.tool_calls ?? []), made] };
}
