import type { ToolCall } from "../events.ts";
import { TOOL_CALL_END, TOOL_CALL_START } from "../markers.ts";
import { readPythonJson } from "./python-json-reader.ts";
import type { PythonValue } from "./python-json-value.ts";
import { isDict, writePythonJson } from "./python-json-writer.ts";

/**
 * What the tool parser published with NVIDIA-Nemotron-Nano-9B-v2 extracts from content.
 *
 * It reads the first block alone, adds brackets where they are missing, skips calls that it cannot use,
 * keeps the text before the last `<TOOLCALL>` and drops what follows. When anything fails, all of the
 * content is text.
 */
export function extractToolCalls(content: string): { text: string; toolCalls: ToolCall[] } {
  const list = firstBlock(content);
  if (list === undefined) return { text: content, toolCalls: [] };
  return {
    text: content.slice(0, content.lastIndexOf(TOOL_CALL_START)),
    toolCalls: list.map(callOf).filter((call) => call !== undefined),
  };
}

function firstBlock(content: string): readonly PythonValue[] | undefined {
  const start = content.indexOf(TOOL_CALL_START) + TOOL_CALL_START.length;
  const end = content.indexOf(TOOL_CALL_END, start);
  if (start < TOOL_CALL_START.length || end < 0) return undefined;
  let json = stripPython(content.slice(start, end));
  if (!json.startsWith("[")) json = `[${json}`;
  if (!json.endsWith("]")) json = `${json}]`;
  const value = readPythonJson(json);
  return Array.isArray(value) ? value : undefined;
}

/** A call needs a name that is a string, and arguments that are an object or a string. */
function callOf(call: PythonValue): ToolCall | undefined {
  if (!isDict(call)) return undefined;
  const name = call.get("name");
  const value = call.get("arguments");
  if (typeof name !== "string" || value === undefined) return undefined;
  if (typeof value === "string") return { name, arguments: value };
  return isDict(value) ? { name, arguments: writePythonJson(value) } : undefined;
}

// What `str.isspace()` holds for: not the same characters as those that `trim` removes.
const PYTHON_SPACE = /[\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** `text.strip()` */
function stripPython(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && PYTHON_SPACE.test(text[start]!)) start++;
  while (end > start && PYTHON_SPACE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}
