import { Environment, Template } from "@huggingface/jinja";
import { ChatTemplateError, describe } from "./chat-template-error.ts";
import type { Program } from "./program.ts";
import { PythonInterpreter } from "./python-interpreter.ts";
import { type Literal, NOTHING_LITERAL } from "./python-text.ts";
import type { Turn } from "./repairs.ts";
import { listValue, type RuntimeValue, toRuntimeValue } from "./runtime-values.ts";

/** What a template is given to render. */
export interface Conversation {
  readonly turns: readonly Turn[];
  readonly tools: unknown;
  /** Further variables, as the template names them. These are the caller's own and may hold special tokens. */
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RenderingOptions {
  readonly generationPrompt: boolean;
  /** Applied to every string of messages and tools; `role` is set where the string is a message's content. */
  readonly mapText?: (text: string, role: unknown) => string;
  /** What to print where a loop comes to a message, by its place in `turns`. */
  readonly markOf?: (turn: number) => string;
  /** What to print after a loop over messages. */
  readonly endMark?: string;
  readonly literal?: Literal;
}

/** Runs the template once. @throws {ChatTemplateError} `TEMPLATE_FAILED`, with the message it was looking at. */
export function renderOnce(program: Program, conversation: Conversation, options: RenderingOptions): string {
  const { turns, tools, variables } = conversation;
  const {
    mapText = (text: string) => text,
    markOf = () => "",
    endMark = "",
    literal = NOTHING_LITERAL,
  } = options;

  const messages = turns.map(({ message }, i) => {
    const path = `messages[${i}]`;
    const role =
      typeof message === "object" && message !== null && "role" in message ? message.role : undefined;
    return toRuntimeValue(
      message ?? null,
      (text, at) => mapText(text, at === `${path}.content` ? role : undefined),
      path,
    );
  });
  const environment = globals();
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined) environment.setVariable(name, toRuntimeValue(value, undefined, name));
  environment.setVariable("messages", listValue(messages));
  environment.setVariable(
    "tools",
    toRuntimeValue(tools ?? null, (text) => mapText(text, undefined), "tools"),
  );
  environment.setVariable("add_generation_prompt", toRuntimeValue(options.generationPrompt));

  const marks = new Map(messages.map((message, i) => [message, markOf(i)]));
  const interpreter = new PythonInterpreter(environment, { marks, endMark, literal });
  try {
    return String(interpreter.run(program.root).value);
  } catch (cause) {
    const at = messages.indexOf(interpreter.lastMessage as RuntimeValue);
    throw failure(cause, turns[at]);
  }
}

function failure(cause: unknown, turn: Turn | undefined): ChatTemplateError {
  const message = turn?.message as { role?: unknown } | undefined;
  const where =
    turn?.index === undefined ? "" : ` at message ${turn.index} (role ${describe(message?.role)})`;
  return new ChatTemplateError({
    code: "TEMPLATE_FAILED",
    message: `The chat template failed${where}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    messageIndex: turn?.index,
    role: message?.role,
    cause,
  });
}

/** What transformers gives every template beside the messages. */
function globals(): Environment {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ true: true, false: false, none: null })) {
    environment.set(name, value);
    environment.set(name.charAt(0).toUpperCase() + name.slice(1), value);
  }
  environment.set("raise_exception", (message: unknown) => {
    throw new Error(String(message));
  });
  environment.set("range", range);
  // The library has Python's date formats, and offers them to templates alone.
  environment.set("strftime_now", (format: string) =>
    new Template("{{ strftime_now(f) }}").render({ f: format }),
  );
  return environment;
}

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new RangeError("range() with a step of 0");
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, i) => start + i * step);
}
