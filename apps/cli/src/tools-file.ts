import { parseExactJson, type Tool } from "@krait/chat-template";
import { InputError } from "./errors.ts";
import { errorMessage } from "./report-error.ts";
import { readInput } from "./text-input.ts";

/**
 * Tool definitions, their numbers as they are written, from a JSON file: a list of them, each as in the OpenAI API or the bare function.
 *
 * @throws {InputError} naming the file, the tool and what is wrong with it.
 */
export async function readTools(path: string): Promise<readonly Tool[]> {
  const json = await readInput(path);
  let value: unknown;
  try {
    value = parseExactJson(json);
  } catch (cause) {
    throw new InputError("INPUT_INVALID", path, `${path}: ${errorMessage(cause)}`, { cause });
  }
  if (!Array.isArray(value)) throw invalid(path, "should be a list of tools");
  for (const [index, tool] of value.entries()) checkTool(path, `tool ${index}`, tool);
  return value as readonly Tool[];
}

function checkTool(path: string, which: string, tool: unknown): void {
  if (!isObject(tool)) throw invalid(path, `${which} should be an object`);
  const schema = tool.function ?? tool;
  if (!isObject(schema)) throw invalid(path, `${which}: "function" should be an object`);
  if (typeof schema.name !== "string" || schema.name === "") {
    throw invalid(path, `${which} should have a "name"`);
  }
  if (typeof (schema.description ?? "") !== "string") {
    throw invalid(path, `${which} (${schema.name}): "description" should be a text`);
  }
  if (!isObject(schema.parameters ?? {})) {
    throw invalid(path, `${which} (${schema.name}): "parameters" should be a JSON schema, an object`);
  }
}

function invalid(path: string, what: string): InputError {
  return new InputError("INPUT_INVALID", path, `${path}: ${what}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
