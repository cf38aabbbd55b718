import type { Capabilities } from "./capabilities.ts";
import { ChatTemplateError } from "./chat-template-error.ts";
import { type Fields, isFields, messageError } from "./checks.ts";
import { NOTHING_LITERAL } from "./python-text.ts";
import { pythonJson } from "./python-values.ts";
import { toRuntimeValue } from "./runtime-values.ts";

/** A message on its way into a template, with its index in the caller's list. */
export interface Turn {
  readonly message: unknown;
  readonly index: number | undefined;
}

/** Messages as the caller gave them, for faithful mode. */
export function asTheyAre(messages: readonly unknown[]): Turn[] {
  return messages.map((message, index) => ({ message, index }));
}

/**
 * Messages as the template can take them without loss, for robust mode. Message objects are never changed,
 * only replaced.
 *
 * @throws {ChatTemplateError} `TEMPLATE_MESSAGE` for what cannot be repaired.
 */
export function repairMessages(messages: readonly unknown[], capabilities: Capabilities): Turn[] {
  if (messages.length === 0) throw noMessages();
  const turns = messages.map((message, index) => ({
    message: repairMessage(message, index, capabilities),
    index,
  }));
  const isLater = ({ message }: Turn, i: number) => i > 0 && isFields(message) && message.role === "system";
  return turns.some(isLater) && !capabilities.keepsLaterSystemMessages ? mergeSystemMessages(turns) : turns;
}

/** All system messages as one, in front: better moved than lost. */
function mergeSystemMessages(turns: readonly { message: Fields; index: number }[]): Turn[] {
  const system = turns.filter(({ message }) => message.role === "system");
  const others = turns.filter(({ message }) => message.role !== "system");
  const content = system
    .map(({ message }) => message.content)
    .filter((text) => text !== "")
    .join("\n\n");
  return [{ message: { ...system[0]!.message, content }, index: system[0]!.index }, ...others];
}

function repairMessage(message: unknown, index: number, capabilities: Capabilities): Fields {
  if (!isFields(message)) throw messageError(index, undefined, "(the message itself)", "an object", message);
  const { role } = message;
  switch (role) {
    case "developer":
    case "system":
    case "user": {
      const isRenamed = role === "developer" && !capabilities.knowsDeveloper;
      return { ...message, role: isRenamed ? "system" : role, content: repairContent(message, index) };
    }
    case "assistant":
      return {
        ...message,
        content: repairContent(message, index),
        ...repairCalls(message, index, capabilities),
      };
    case "tool":
      return { ...message, content: repairToolContent(message, index) };
    default:
      throw messageError(index, role, "role", "one of system, developer, user, assistant, tool", role);
  }
}

function repairContent({ role, content }: Fields, index: number): string {
  if (typeof content === "string") return content;
  // What is left out of a user's message was meant to be there under its right name.
  if (content === null || (content === undefined && role !== "user")) return "";
  if (!Array.isArray(content))
    throw messageError(index, role, "content", "text, or a list of text parts", content);
  return content
    .map((part: unknown, i) => {
      if (isTextPart(part)) return part.text;
      throw messageError(index, role, `content[${i}]`, 'a part of type "text"', part);
    })
    .join("\n");
}

function repairToolContent(message: Fields, index: number): string {
  const { content } = message;
  const isText = content === undefined || content === null || typeof content === "string";
  if (isText || (Array.isArray(content) && content.length > 0 && content.every(isTextPart)))
    return repairContent(message, index);
  return pythonJson(toRuntimeValue(content, undefined, `messages[${index}].content`), {}, NOTHING_LITERAL);
}

function isTextPart(part: unknown): part is { text: string } {
  return isFields(part) && part.type === "text" && typeof part.text === "string";
}

function repairCalls(message: Fields, index: number, capabilities: Capabilities): Fields {
  const { role, tool_calls: calls } = message;
  if (calls === undefined || calls === null) return {};
  if (!Array.isArray(calls)) throw messageError(index, role, "tool_calls", "a list", calls);
  const repaired = calls.map((call: unknown, i) => {
    const isWrapped = isFields(call) && call.function !== undefined;
    const path = isWrapped ? `tool_calls[${i}].function` : `tool_calls[${i}]`;
    const called = isWrapped ? call.function : call;
    if (!isFields(called)) throw messageError(index, role, path, "an object", called);
    const repairedCall = { ...called, ...repairCall(called, path) };
    return isWrapped ? { ...call, function: repairedCall } : repairedCall;
  });
  return { tool_calls: repaired };

  function repairCall({ name, arguments: given }: Fields, path: string): Fields {
    if (typeof name !== "string" || name === "")
      throw messageError(index, role, `${path}.name`, "a name", name);
    if (given !== undefined && given !== null && typeof given !== "string" && !isFields(given))
      throw messageError(index, role, `${path}.arguments`, "JSON text or an object", given);
    const isMissing = given === undefined || (typeof given === "string" && given.trim() === "");
    return {
      name: capabilities.escapesNames ? name : JSON.stringify(name).slice(1, -1),
      arguments: isMissing ? {} : given,
    };
  }
}

function noMessages(): ChatTemplateError {
  return new ChatTemplateError({
    code: "TEMPLATE_MESSAGE",
    message: "There are no messages; a prompt needs at least one.",
    field: "messages",
    expected: "at least one message",
    actual: [],
  });
}
