import { ChatTemplateError, describe } from "./chat-template-error.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A message that is not what it has to be. */
export function messageError(
  index: number,
  role: unknown,
  field: string,
  expected: string,
  actual: unknown,
): ChatTemplateError {
  const who = typeof role === "string" ? `Message ${index} (${role})` : `Message ${index}`;
  return new ChatTemplateError({
    code: "TEMPLATE_MESSAGE",
    message: `${who}: "${field}" should be ${expected}, but is ${describe(actual)}.`,
    messageIndex: index,
    role,
    field,
    expected,
    actual,
  });
}

/** @throws {ChatTemplateError} `TEMPLATE_TOOL`, naming the tool and the field. */
export function checkTools(tools: unknown): void {
  if (tools === undefined || tools === null) return;
  if (!Array.isArray(tools)) throw toolError(undefined, "tools", "a list of tools", tools);
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (!isFields(tool)) throw toolError(index, "(the tool itself)", "an object", tool);
    const isWrapped = tool.function !== undefined;
    const schema = isWrapped ? tool.function : tool;
    const path = isWrapped ? "function" : "(the tool itself)";
    if (!isFields(schema)) throw toolError(index, path, "an object", schema);
    const at = (field: string) => (isWrapped ? `function.${field}` : field);
    if (typeof schema.name !== "string" || schema.name === "")
      throw toolError(index, at("name"), "a name", schema.name);
    if (typeof (schema.description ?? "") !== "string")
      throw toolError(index, at("description"), "a text", schema.description);
    if (names.has(schema.name))
      throw toolError(index, at("name"), "a name that no other tool has", schema.name);
    names.add(schema.name);
    checkParameters(schema.parameters ?? {}, (field, expected, actual) =>
      toolError(index, at(field), expected, actual),
    );
  }
}

/** The frame of a JSON schema of named arguments; what the properties themselves say is left to whoever enforces it. */
function checkParameters(
  parameters: unknown,
  error: (field: string, expected: string, actual: unknown) => ChatTemplateError,
): void {
  if (!isFields(parameters)) throw error("parameters", "a JSON schema (an object)", parameters);
  const { type, properties, required } = parameters;
  if (type !== undefined && type !== "object") throw error("parameters.type", '"object"', type);
  if (properties !== undefined && !isFields(properties)) {
    throw error("parameters.properties", "an object of schemas by name", properties);
  }
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (!isFields(schema) && typeof schema !== "boolean") {
      throw error(`parameters.properties.${name}`, "a JSON schema", schema);
    }
  }
  const isNames = Array.isArray(required) && required.every((name) => typeof name === "string");
  if (required !== undefined && !isNames) throw error("parameters.required", "a list of names", required);
}

function toolError(
  index: number | undefined,
  field: string,
  expected: string,
  actual: unknown,
): ChatTemplateError {
  const which = index === undefined ? "" : `Tool ${index}: `;
  return new ChatTemplateError({
    code: "TEMPLATE_TOOL",
    message: `${which}"${field}" should be ${expected}, but is ${describe(actual)}.`,
    toolIndex: index,
    field,
    expected,
    actual,
  });
}
