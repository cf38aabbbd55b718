import { ApiError } from "../http/api-error.ts";
import type { ServedChatRequest, ServedModel } from "../model/served-model.ts";

/** By what name a request asks for something, so that the error can name it. */
export interface FieldNames {
  readonly responseFormat: string;
  readonly toolChoice: string;
  readonly parallelToolCalls: string;
  readonly logprobs: string;
}

/** @throws {ApiError} `unsupported` for what the model cannot be held to. */
export function checkSupport(
  { id, supports }: ServedModel,
  request: Pick<
    ServedChatRequest,
    "tools" | "toolChoice" | "allowedTools" | "parallelToolCalls" | "responseFormat" | "sampling"
  >,
  names: FieldNames,
): void {
  const { tools, toolChoice, allowedTools, parallelToolCalls, responseFormat } = request;
  const refuse = (param: string, what: string): never => {
    throw new ApiError("invalid", `${param}: ${what} is not supported by the model "${id}".`, {
      code: "unsupported",
      param,
    });
  };
  if (responseFormat.type !== "text" && !supports.structuredOutput) {
    refuse(names.responseFormat, `"${responseFormat.type.replace("-", "_")}"`);
  }
  if (request.sampling.logprobs !== undefined && !supports.logprobs) {
    refuse(names.logprobs, "telling log-probabilities");
  }
  if (typeof toolChoice === "object") requireTool(tools, toolChoice.name, names.toolChoice);
  else if (toolChoice === "required" && tools.length === 0) {
    throw new ApiError("invalid", `${names.toolChoice}: a call is asked for, but there are no tools.`, {
      code: "invalid_value",
      param: names.toolChoice,
    });
  }
  if (toolChoice !== "auto" && toolChoice !== "none" && !supports.toolChoice) {
    refuse(names.toolChoice, toolChoice === "required" ? "making the model call a tool" : "a named tool");
  }
  for (const name of allowedTools ?? []) requireTool(tools, name, names.toolChoice);
  if (allowedTools !== undefined && !supports.toolChoice) refuse(names.toolChoice, "a choice of the tools");
  if (!parallelToolCalls && tools.length > 0 && toolChoice !== "none" && !supports.toolChoice) {
    refuse(names.parallelToolCalls, "one call at most");
  }
}

function requireTool(tools: ServedChatRequest["tools"], name: string, param: string): void {
  const names = tools.map((tool) => ("function" in tool ? tool.function.name : tool.name));
  if (names.includes(name)) return;
  throw new ApiError("invalid", `${param}: there is no tool "${name}" among the tools.`, {
    code: "invalid_value",
    param,
  });
}
