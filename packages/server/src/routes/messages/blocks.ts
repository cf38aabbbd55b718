import type { Message } from "krait";
import { z } from "zod";
import { type Content, contentSchema, textOf } from "../../generation/text-content.ts";
import { ApiError, unsupported } from "../../http/api-error.ts";

const block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("thinking") }),
  z.object({ type: z.literal("redacted_thinking") }),
  z.object({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
  }),
  z.object({ type: z.literal("tool_result"), tool_use_id: z.string(), content: contentSchema }),
  z.object({ type: z.literal("image") }),
  z.object({ type: z.literal("document") }),
]);

export type Block =
  | { readonly type: "text"; readonly text: string }
  /** Of an earlier answer; models of this kind do not read their old reasoning. */
  | { readonly type: "thinking" | "redacted_thinking" }
  | {
      readonly type: "tool_use";
      readonly id: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: "tool_result";
      readonly tool_use_id: string;
      readonly content?: Content | null | undefined;
    }
  | { readonly type: "image" | "document" };

export const blockSchema: z.ZodType<Block> = block;

interface BlockMessage {
  readonly role: "user" | "assistant";
  readonly content: string | readonly Block[];
}

/**
 * One message of this API as those of the model: results of tools are messages of their own there, and
 * come before what the user says beside them.
 */
export function toMessages({ role, content }: BlockMessage, path: string): Message[] {
  if (typeof content === "string") return [{ role, content }];
  const messages: Message[] = [];
  const texts: string[] = [];
  const calls: { id: string; type: "function"; function: { name: string; arguments: string } }[] = [];
  for (const [index, block] of content.entries()) {
    const at = `${path}[${index}]`;
    if (block.type === "text") texts.push(block.text);
    else if (block.type === "tool_result") {
      requireRole(role, "user", at);
      const result = textOf(block.content, `${at}.content`);
      messages.push({ role: "tool", content: result, tool_call_id: block.tool_use_id });
    } else if (block.type === "tool_use") {
      requireRole(role, "assistant", at);
      const { id, name, input } = block;
      calls.push({ id, type: "function", function: { name, arguments: JSON.stringify(input) } });
    } else if (block.type === "image" || block.type === "document") {
      unsupported(at, `this model reads text only, and no "${block.type}".`);
    }
  }
  const text = texts.join("\n");
  if (calls.length > 0) {
    messages.push({ role: "assistant", content: text === "" ? null : text, tool_calls: calls });
  } else if (texts.length > 0 || messages.length === 0) messages.push({ role, content: text });
  return messages;
}

function requireRole(role: string, expected: string, path: string): void {
  if (role === expected) return;
  throw new ApiError("invalid", `${path}: this block belongs in a message of the ${expected}.`, {
    code: "invalid_value",
    param: path,
  });
}
