import type { Command } from "commander";

/** The flags that say which model of the hub is meant. */
export interface HubFlags {
  readonly revision?: string;
  readonly file?: string;
  readonly offline?: boolean;
}

export function addHubFlags(command: Command): Command {
  return command
    .option("--revision <name>", "branch, tag or commit of a model on the hub; main unless given")
    .option(
      "--file <name>",
      "which of several GGUF models on the hub: its name or a part of it, such as Q4_0",
    )
    .option("--offline", "take models of the hub from the cache alone");
}
