/** A tool as a person writes it: what the model is told of it, and the code that answers its calls. */
export interface ToolSource {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments, an object, as text. */
  readonly parameters: string;
  /** The body of an async function of `args`; what it returns goes to the model. */
  readonly code: string;
  readonly enabled: boolean;
}

const texts = ["id", "name", "description", "parameters", "code"] as const;

export function isToolSource(value: unknown): value is ToolSource {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return texts.every((key) => typeof fields[key] === "string") && typeof fields.enabled === "boolean";
}

/** What is wrong with a tool, for a person to mend; undefined when the model can be told of it. */
export function toolProblem(tool: ToolSource, all: readonly ToolSource[]): string | undefined {
  if (!/^[A-Za-z_][\w-]{0,63}$/.test(tool.name)) {
    return "The name should be letters, digits, _ and -, and begin with a letter.";
  }
  if (all.some(({ id, name }) => id !== tool.id && name === tool.name)) {
    return `Another tool is called "${tool.name}".`;
  }
  return schemaProblem(tool.parameters);
}

function schemaProblem(text: string): string | undefined {
  try {
    const schema: unknown = JSON.parse(text);
    const isObject = typeof schema === "object" && schema !== null && !Array.isArray(schema);
    return isObject ? undefined : "The parameters should be a JSON schema, an object.";
  } catch (error) {
    return `The parameters are not JSON: ${(error as Error).message}`;
  }
}
