import type { Message, Tool } from "@krait/chat-template";
import type { GenerateEvent } from "@krait/engine";
import type { ChatOptions } from "./chat-options.ts";
import type { ChatResult, ChatStream, MadeCall } from "./chat-stream.ts";
import { ModelError } from "./errors.ts";
import { type EventStream, eventStream } from "./event-stream.ts";

/** A tool that Krait can call. */
export interface ExecutableTool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments, an object. */
  readonly parameters: object;
  /**
   * What it returns goes to the model: a string as it is, anything else as `JSON.stringify` sees it. So does what it
   * throws. Calls of one answer run at the same time. An abort ends the run at once; the signal is for what should
   * end with it.
   */
  execute(
    args: Readonly<Record<string, unknown>>,
    context: { readonly signal: AbortSignal | undefined },
  ): unknown;
}

export interface RunToolsOptions extends Omit<ChatOptions, "tools"> {
  readonly tools: readonly ExecutableTool[];
  /** Answers of the model at most; 8 unless given. */
  readonly maxSteps?: number | undefined;
}

/** What a tool gave back; `error` when it failed, and the content then says how. */
export interface ToolResultEvent {
  readonly type: "tool-result";
  readonly call: MadeCall;
  /** A string or a JSON value, as it stands in the conversation. */
  readonly content: unknown;
  readonly error: boolean;
}

/** The model begins an answer, the first or one to the results of its calls. Steps count from 1. */
export interface StepEvent {
  readonly type: "step";
  readonly step: number;
}

export type ToolRunEvent = GenerateEvent | ToolResultEvent | StepEvent;

export interface ToolRunResult extends ChatResult {
  /** What the run added to the conversation: answers and tool results, the last answer included. */
  readonly messages: readonly Message[];
}

/** A run under way: iterate its events once, or await its result. */
export interface ToolRun extends EventStream<ToolRunEvent, ToolRunResult> {
  /** Ends the reasoning of the answer that is being given. */
  endThinking(): void;
}

/** The tool as a template takes it. */
export function toolSchema({ name, description, parameters }: ExecutableTool): Tool {
  return { type: "function", function: { name, description, parameters } };
}

/**
 * Answers, calls the tools that the answer asks for, all at once, and answers again with their results, until an
 * answer calls nothing. Unknown tools, arguments that are not JSON, and what tools throw are reported to
 * the model, which may try again.
 *
 * @throws {ModelError} `TOOL_STEPS_EXCEEDED` when the last allowed answer still calls tools.
 */
export function runTools(
  chat: (messages: readonly Message[], options: ChatOptions) => ChatStream,
  messages: readonly Message[],
  options: RunToolsOptions,
): ToolRun {
  const { tools, maxSteps = 8, toolChoice, ...chatOptions } = options;
  checkTools(tools);
  if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) {
    throw new ModelError(
      "OPTION_INVALID",
      `maxSteps should be a whole number, 1 or more, but is ${maxSteps}.`,
      {
        option: "maxSteps",
        actual: maxSteps,
      },
    );
  }
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  let current: ChatStream | undefined;
  const events = eventStream<ToolRunEvent, ToolRunResult>(async function* (settle) {
    const added: Message[] = [];
    for (let step = 1; ; step++) {
      yield { type: "step", step };
      // A call that is required is required once: then the model has to be able to answer.
      const choice = step > 1 && toolChoice !== "none" && toolChoice !== undefined ? "auto" : toolChoice;
      const asked = { ...chatOptions, toolChoice: choice, tools: tools.map(toolSchema) };
      current = chat([...messages, ...added], asked);
      yield* current;
      const result = await current.result();
      added.push(result.message);
      if (result.toolCalls.length === 0) return settle({ ...result, messages: added });
      if (step === maxSteps) throw stepsExceeded(maxSteps, result.toolCalls);
      const running = result.toolCalls.map((call) => execute(byName, call, options.signal));
      // An abort ends all of them, and is told once, by the first that is waited for.
      for (const each of running) each.catch(() => {});
      for (const [index, call] of result.toolCalls.entries()) {
        const { content, error } = await running[index]!;
        added.push({ role: "tool", tool_call_id: call.id, content });
        yield { type: "tool-result", call, content, error };
      }
    }
  });
  return { ...events, endThinking: () => current?.endThinking() };
}

/** The schemas are checked where they are rendered; here, what is needed to call the tools. */
function checkTools(tools: readonly ExecutableTool[]): void {
  if (!Array.isArray(tools)) {
    throw new ModelError("TOOL_INVALID", `tools should be a list of tools, but is ${typeof tools}.`);
  }
  for (const [index, tool] of tools.entries()) {
    if (typeof tool?.execute !== "function") {
      throw new ModelError("TOOL_INVALID", `Tool ${index} has no function "execute" to call.`, { index });
    }
  }
  const names = tools.map(({ name }) => name);
  if (new Set(names).size === names.length) return;
  throw new ModelError("TOOL_INVALID", "Two tools have the same name; give each its own.", { names });
}

async function execute(
  tools: ReadonlyMap<string, ExecutableTool>,
  call: MadeCall,
  signal: AbortSignal | undefined,
): Promise<{ content: unknown; error: boolean }> {
  try {
    const tool = tools.get(call.name);
    if (tool === undefined) {
      throw new Error(`There is no tool "${call.name}". The tools are: ${[...tools.keys()].join(", ")}.`);
    }
    const value = await unlessAborted(tool.execute(parseArguments(call), { signal }), signal);
    // What JSON makes of it, but as a value: the template writes it in the spelling the model was trained on.
    return { content: JSON.parse(JSON.stringify(value) ?? "null"), error: false };
  } catch (error) {
    // An abort is the caller's wish, not something for the model to mend.
    signal?.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    return { content: { error: message }, error: true };
  }
}

/** What comes of it, or the signal's reason as soon as that is aborted: not every tool heeds its signal. */
function unlessAborted(value: unknown, signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    const settled = (): void => signal?.removeEventListener("abort", stop);
    Promise.resolve(value).then(resolve, reject).finally(settled);
  });
}

function parseArguments(call: MadeCall): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(call.arguments);
  } catch {
    throw new Error(`The arguments of "${call.name}" are not valid JSON.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`The arguments of "${call.name}" should be a JSON object.`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function stepsExceeded(maxSteps: number, calls: readonly MadeCall[]): ModelError {
  const names = calls.map(({ name }) => name);
  return new ModelError(
    "TOOL_STEPS_EXCEEDED",
    `After ${maxSteps} answers the model still calls tools (${names.join(", ")}). Raise maxSteps, or look at why its calls do not satisfy it.`,
    { maxSteps, calls: names },
  );
}
