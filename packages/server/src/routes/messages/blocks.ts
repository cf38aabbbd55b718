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
  z.object({
    type: z.literal("tool_result"),
    tool_use_id: z.string(),
    content: contentSchema,
    is_error: z.boolean().nullish(),
  }),
  z.object({ type: z.literal("image") }),
  z.object({
    type: z.literal("document"),
    title: z.string().nullish(),
    context: z.string().nullish(),
    source: z.object({ type: z.string(), data: z.string().nullish(), content: contentSchema }),
  }),
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
      readonly is_error?: boolean | null | undefined;
    }
  | { readonly type: "image" }
  | DocumentBlock;

interface DocumentBlock {
  readonly type: "document";
  readonly title?: string | null | undefined;
  readonly context?: string | null | undefined;
  readonly source: {
    readonly type: string;
    readonly data?: string | null | undefined;
    readonly content?: Content | null | undefined;
  };
}

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
      // What went wrong stands in the content, as a rule; the model has to hear of it otherwise, too.
      const content = block.is_error && result === "" ? "The tool failed." : result;
      messages.push({ role: "tool", content, tool_call_id: block.tool_use_id });
    } else if (block.type === "tool_use") {
      requireRole(role, "assistant", at);
      const { id, name, input } = block;
      calls.push({ id, type: "function", function: { name, arguments: JSON.stringify(input) } });
    } else if (block.type === "document") texts.push(textOfDocument(block, at));
    else if (block.type === "image") unsupported(at, `this model reads text only, and no "${block.type}".`);
  }
  const text = texts.join("\n");
  if (calls.length > 0) {
    messages.push({ role: "assistant", content: text === "" ? null : text, tool_calls: calls });
  } else if (texts.length > 0 || messages.length === 0) messages.push({ role, content: text });
  return messages;
}

/** A document of text, with what stands above it. */
function textOfDocument({ title, context, source }: DocumentBlock, at: string): string {
  const isText = source.type === "text" || source.type === "content";
  if (!isText) unsupported(at, `this model reads text only, and no "document" from "${source.type}".`);
  const text = source.type === "text" ? source.data : textOf(source.content, `${at}.source.content`);
  return [title, context, text].filter(Boolean).join("\n");
}

function requireRole(role: string, expected: string, path: string): void {
  if (role === expected) return;
  throw new ApiError("invalid", `${path}: this block belongs in a message of the ${expected}.`, {
    code: "invalid_value",
    param: path,
  });
}
