import type { Command } from "commander";
import { backendNames } from "krait";
import { decimal, wholeNumber } from "./flag-values.ts";
import { addHubFlags, type HubFlags } from "./hub-flags.ts";

/** The flags that stand before or after any command. */
export interface SharedFlags extends HubFlags {
  readonly model?: string;
  readonly backend?: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly verbose?: boolean;
}

export function addSharedFlags(program: Command): Command {
  program.option(
    "--model <location>",
    "folder in the Hugging Face layout, or GGUF file, as a path or URL; or org/name on the Hugging Face hub; " +
      "the embedded model unless given",
  );
  return addHubFlags(program)
    .option("--backend <name>", `what computes: ${["auto", ...backendNames].join(", ")}`)
    .option("--max-tokens <count>", "end after so many generated tokens", wholeNumber(1))
    .option(
      "--temperature <number>",
      "0 always takes the likeliest token, 1 draws as the model does",
      decimal,
    )
    .option(
      "--verbose",
      "errors with their stack, the backend that is chosen, and the error of each tensor that is quantized",
    );
}
