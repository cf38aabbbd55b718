import type { z } from "zod";
import { ApiError } from "./api-error.ts";

type Issue = z.core.$ZodIssue;
type TypeIssue = z.core.$ZodIssueInvalidType;

/** @throws {ApiError} naming the path of the first field that is wrong. Fields that are unknown are ignored. */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw fieldError(result.error.issues[0]!);
}

function fieldError(issue: Issue): ApiError {
  const { path, message } = deepest(issue, []);
  const param = pathText(path);
  // JSON has no undefined.
  const text = message
    .replace(/^(Invalid input|Too small|Too big): /, "")
    .replace("received undefined", "received nothing")
    .replace("'undefined' | ", "");
  return new ApiError("invalid", `${param === "" ? "The body" : param}: ${text}.`, {
    code: "invalid_value",
    param: param === "" ? undefined : param,
  });
}

/**
 * Of a union, the branch that fitted the furthest says what is wrong: who sends a list of parts wants to
 * hear about the part, and who sends too long a list of its length, and not that a list is no text. Where
 * none has the type, all are named.
 */
function deepest(issue: Issue, base: readonly PropertyKey[]): { path: PropertyKey[]; message: string } {
  const path = [...base, ...issue.path];
  // What is wrong with a key of a record stands inside.
  if (issue.code === "invalid_key") return { path, message: issue.issues[0]!.message };
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return { path, message: issue.message };
  const branches = issue.errors.map((issues) => deepest(issues[0]!, path));
  const depth = Math.max(...branches.map((branch) => branch.path.length));
  if (depth > path.length) return branches.find((branch) => branch.path.length === depth)!;
  const ofType = issue.errors.findIndex((issues) => issues[0]!.code !== "invalid_type");
  if (ofType >= 0) return branches[ofType]!;
  const expected = new Set(issue.errors.map((issues) => (issues[0] as TypeIssue).expected));
  return { path, message: `expected ${[...expected].join(" or ")}, received ${typeName(issue.input)}` };
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** `["messages", 0, "content"]` → `messages[0].content`. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
