import { ToolParserError } from "./error.ts";
import type { ParseResult, ToolCallEvent } from "./events.ts";
import { foldEvents } from "./fold.ts";
import { createNvidiaParser } from "./nvidia/nvidia-parser.ts";
import type { ReasoningState } from "./reasoning-tracker.ts";
import { createRobustParser } from "./robust-parser.ts";

export interface ToolCallParserOptions {
  /** The model's format: reasoning up to `</think>`, JSON calls in `<TOOLCALL>[…]</TOOLCALL>`. */
  readonly dialect?: "nemotron-v2";
  /** The state in which the prompt leaves the model, as the chat template reports it. */
  readonly reasoning: "on" | "off";
  /** What `<TOOLCALL>` before `</think>` does. Default `closes-reasoning`; `nvidia` is always literal. */
  readonly toolCallInReasoning?: "closes-reasoning" | "literal";
  /** `robust` repairs and loses nothing; `nvidia` gives what the parsers published with the model give. */
  readonly compat?: "robust" | "nvidia";
}

export interface ToolCallParser {
  /** Whether the model is still reasoning, after the text pushed so far. */
  readonly reasoning: ReasoningState;
  /** What can be said after more text, cut anywhere. */
  push(text: string): ToolCallEvent[];
  /** What waited for more, at the end of the text. */
  flush(): ToolCallEvent[];
}

/**
 * A parser of one answer of the model.
 *
 * @throws {ToolParserError} `TOOL_PARSER_OPTION`; and `TOOL_PARSER_FLUSHED` from `push` and `flush`
 * after `flush`. No text throws.
 */
export function createToolCallParser(options: ToolCallParserOptions): ToolCallParser {
  checkOption(options, "dialect", ["nemotron-v2", undefined]);
  checkOption(options, "reasoning", ["on", "off"]);
  checkOption(options, "toolCallInReasoning", ["closes-reasoning", "literal", undefined]);
  checkOption(options, "compat", ["robust", "nvidia", undefined]);
  const parser =
    options.compat === "nvidia" ? createNvidiaParser(options.reasoning) : createRobustParser(options);
  let isFlushed = false;
  const checkOpen = () => {
    if (!isFlushed) return;
    throw new ToolParserError({
      code: "TOOL_PARSER_FLUSHED",
      message: "This parser was flushed, so its text has ended. Create a parser for each answer.",
    });
  };
  return {
    reasoning: parser.reasoning,
    push(text) {
      checkOpen();
      return parser.push(text);
    },
    flush() {
      checkOpen();
      isFlushed = true;
      return parser.flush();
    },
  };
}

/** Parses a whole answer: the fold of its events. */
export function parse(text: string, options: ToolCallParserOptions): ParseResult {
  const parser = createToolCallParser(options);
  return foldEvents([...parser.push(text), ...parser.flush()]);
}

function checkOption(
  options: ToolCallParserOptions,
  option: keyof ToolCallParserOptions,
  allowed: readonly (string | undefined)[],
): void {
  const actual = options[option];
  if (allowed.includes(actual)) return;
  const names = allowed.filter((value) => value !== undefined).map((value) => `"${value}"`);
  throw new ToolParserError({
    code: "TOOL_PARSER_OPTION",
    message: `The option "${option}" must be ${names.join(" or ")}, but it is ${JSON.stringify(actual)}.`,
    option,
    actual,
  });
}
