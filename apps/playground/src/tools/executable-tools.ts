import type { ExecutableTool } from "krait";
import { runInSandbox } from "./sandbox.ts";
import { type ToolSource, toolProblem } from "./tool-source.ts";

/** The tools that are switched on and whole, each run in a sandbox of its own. */
export function executableTools(
  tools: readonly ToolSource[],
  run: typeof runInSandbox = runInSandbox,
): readonly ExecutableTool[] {
  return tools
    .filter((tool) => tool.enabled && toolProblem(tool, tools) === undefined)
    .map(({ name, description, parameters, code }) => ({
      name,
      description,
      parameters: JSON.parse(parameters),
      execute: (args, { signal }) => run(code, args, { signal }),
    }));
}
