import type { ChatOptions } from "./chat-options.ts";
import { ModelError } from "./errors.ts";

/** What of a chat's options nothing behind the front would refuse by name. @throws {ModelError} */
export function checkChatOptions(options: ChatOptions): void {
  const { reasoning, templateMode, toolChoice, allowedTools, tools, constraint } = options;
  requireOneOf("reasoning", reasoning, ["on", "off"]);
  requireOneOf("templateMode", templateMode, ["robust", "faithful"]);
  if (typeof toolChoice !== "object") requireOneOf("toolChoice", toolChoice, ["auto", "none", "required"]);
  requireOption("allowedTools", allowedTools, "a list of names", Array.isArray);
  requireOption("tools", tools ?? undefined, "a list of tools", Array.isArray);
  requireOption("constraint", constraint, "a function that makes constraints", isFunction);
  const called =
    tools?.findIndex((tool) => tool !== null && typeof tool === "object" && "execute" in tool) ?? -1;
  if (called < 0) return;
  throw new ModelError(
    "TOOL_INVALID",
    `Tool ${called} has an "execute", which is not called here. Use runTools, or leave it out and call the tool yourself.`,
    { index: called },
  );
}

/** @throws {ModelError} when it is there and none: an `AbortController`, for example. */
export function checkSignal(signal: unknown): void {
  const isSignal = (value: unknown): boolean => isFunction((value as AbortSignal | null)?.throwIfAborted);
  requireOption("signal", signal, "an AbortSignal, such as the signal of an AbortController", isSignal);
}

/** @throws {ModelError} when it is there and not one of these. */
export function requireOneOf(option: string, value: unknown, choices: readonly string[]): void {
  const quoted = choices.map((choice) => `"${choice}"`);
  const expected = [quoted.slice(0, -1).join(", "), quoted.at(-1)].join(" or ");
  requireOption(option, value, expected, (it) => choices.includes(it as string));
}

/** @throws {ModelError} when it is there and not as expected. */
export function requireOption(
  option: string,
  actual: unknown,
  expected: string,
  isExpected: (value: unknown) => boolean,
): void {
  if (actual === undefined || isExpected(actual)) return;
  const shown = JSON.stringify(actual) ?? typeof actual;
  throw new ModelError("OPTION_INVALID", `${option} should be ${expected}, but is ${shown}.`, {
    option,
    actual,
  });
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
