import type { FunctionSchema, Tool } from "@krait/chat-template";
import {
  choiceGrammar,
  eitherGrammar,
  type Grammar,
  GrammarError,
  jsonObjectGrammar,
  jsonSchemaGrammar,
  regexGrammar,
  type ToolSchema,
  toolCallGrammar,
} from "@krait/grammar";
import { requireOneOf, requireOption } from "../check-options.ts";
import type { AnswerFormat, StructuredOptions } from "./structured-options.ts";

/**
 * What an answer is held to; undefined where it is free.
 *
 * @throws {GrammarError} for what cannot be enforced, by name.
 */
export function answerGrammar(
  { format, toolChoice, allowedTools, parallelToolCalls }: StructuredOptions,
  tools: readonly Tool[],
): Grammar | undefined {
  const json = format && formatGrammar(format);
  const isLimited = parallelToolCalls === false || allowedTools !== undefined;
  const choice = toolChoice ?? (isLimited ? "auto" : undefined);
  const mustCall = choice === "required" || typeof choice === "object";
  if (choice === "none" || (tools.length === 0 && !mustCall)) return json;
  // Beside a format, the calls need the marker at once: any other text would be neither.
  if (choice === undefined && json === undefined) return undefined;
  const schemas = allowedOf(tools, allowedTools).map((tool) => toolSchemaOf(tool, mayBeForced(tool, choice)));
  const parallel = parallelToolCalls !== false;
  if (json === undefined) return toolCallGrammar(schemas, { choice: choice ?? "auto", parallel });
  const calls = toolCallGrammar(schemas, { choice: mustCall ? choice : "required", parallel });
  return mustCall ? calls : eitherGrammar(json, calls);
}

function allowedOf(tools: readonly Tool[], allowed: readonly string[] | undefined): readonly Tool[] {
  if (allowed === undefined) return tools;
  const names = tools.map((tool) => functionOf(tool).name);
  const strange = allowed.find((name) => !names.includes(name));
  if (strange === undefined && allowed.length > 0) {
    return tools.filter((_, index) => allowed.includes(names[index]!));
  }
  const told = names.map((name) => JSON.stringify(name)).join(", ");
  throw new GrammarError(
    "GRAMMAR_OPTION",
    strange === undefined
      ? `allowedTools names none of the tools ${told}; toolChoice "none" keeps all of them from the model.`
      : `allowedTools names ${JSON.stringify(strange)}, but the tools are: ${told}.`,
  );
}

function mayBeForced(tool: Tool, choice: StructuredOptions["toolChoice"]): boolean {
  return typeof choice === "object" ? functionOf(tool).name === choice.name : choice === "required";
}

function formatGrammar(format: AnswerFormat): Grammar {
  requireOneOf("format.type", format.type ?? null, ["json-schema", "json-object", "regex", "choice"]);
  switch (format.type) {
    case "json-schema":
      return jsonSchemaGrammar(format.schema);
    case "json-object":
      return jsonObjectGrammar();
    case "regex":
      requireOption("format.pattern", format.pattern ?? null, "text, as a RegExp has it in source", isText);
      return regexGrammar(format.pattern);
    case "choice":
      requireOption("format.choices", format.choices ?? null, "a list of texts", Array.isArray);
      return choiceGrammar(format.choices);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/**
 * A tool as its calls are held to it. Where a call is only possible and nobody asked for strictness,
 * arguments of a schema that cannot be enforced are any object: the tool still hears of it.
 */
function toolSchemaOf(tool: Tool, mustBeEnforced: boolean): ToolSchema {
  const { name, parameters, strict } = functionOf(tool);
  if (parameters === undefined) return { name };
  // What is wrong with these is told together with the tool's name.
  if (mustBeEnforced || strict === true) return { name, parameters };
  try {
    jsonSchemaGrammar(parameters);
    return { name, parameters };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return { name, parameters: { type: "object", additionalProperties: true } };
  }
}

/** The tool as the model is told of it: strictness is enforced, and nothing that it has to know. */
export function toolOfPrompt(tool: Tool): Tool {
  const { strict: _, ...told } = functionOf(tool);
  return "function" in tool ? { type: "function", function: told } : told;
}

function functionOf(tool: Tool): FunctionSchema {
  return "function" in tool ? tool.function : tool;
}
