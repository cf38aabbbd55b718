import { describe, expect, test } from "vitest";
import { ToolParserError } from "./error.ts";
import { createToolCallParser } from "./parser.ts";

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("createToolCallParser", () => {
  test.each([
    [{ reasoning: "maybe" }, "reasoning"],
    [{}, "reasoning"],
    [{ reasoning: "on", dialect: "nemotron-v3" }, "dialect"],
    [{ reasoning: "on", compat: "vllm" }, "compat"],
    [{ reasoning: "on", toolCallInReasoning: true }, "toolCallInReasoning"],
  ])("refuses %o, naming the option", (options, option) => {
    const error = errorOf(() => createToolCallParser(options as Parameters<typeof createToolCallParser>[0]));
    expect(error).toBeInstanceOf(ToolParserError);
    expect(error).toMatchObject({ code: "TOOL_PARSER_OPTION", option });
  });

  test.each(["robust", "nvidia"] as const)("a %s parser takes no more text once it is flushed", (compat) => {
    const parser = createToolCallParser({ reasoning: "off", compat });
    parser.flush();
    expect(errorOf(() => parser.push("more"))).toMatchObject({ code: "TOOL_PARSER_FLUSHED" });
    expect(errorOf(() => parser.flush())).toMatchObject({ code: "TOOL_PARSER_FLUSHED" });
  });
});
