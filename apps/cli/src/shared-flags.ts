import type { Command } from "commander";
import { backendNames } from "krait";
import { decimal, wholeNumber } from "./flag-values.ts";

/** The flags that stand before or after any command. */
export interface SharedFlags {
  readonly model?: string;
  readonly backend?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly verbose?: boolean;
}

export function addSharedFlags(program: Command): Command {
  return program
    .option(
      "--model <location>",
      "folder in the Hugging Face layout, or GGUF file, as a path or URL; the embedded model unless given",
    )
    .option("--backend <name>", `what computes: ${["auto", ...backendNames].join(", ")}`)
    .option("--max-tokens <count>", "end after so many generated tokens", wholeNumber(1))
    .option(
      "--temperature <number>",
      "0 always takes the likeliest token, 1 draws as the model does",
      decimal,
    )
    .option("--verbose", "errors with their stack");
}
