import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addChat } from "./commands/chat.ts";
import { addConvert } from "./commands/convert.ts";
import { addInspect } from "./commands/inspect.ts";
import { addLedger } from "./commands/ledger.ts";
import { addModels } from "./commands/models.ts";
import { addParse } from "./commands/parse.ts";
import { addRender } from "./commands/render.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addTokens } from "./commands/tokens.ts";
import { addSharedFlags } from "./shared-flags.ts";

export function createProgram(): Command {
  const program = new Command("krait")
    .description("Chat with Nemotron-H models, and look at what goes in and out of them.")
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true });
  addSharedFlags(program);
  addChat(program);
  addRun(program);
  addServe(program);
  addLedger(program);
  addInspect(program);
  addModels(program);
  addConvert(program);
  addTokens(program);
  addRender(program);
  addParse(program);
  program.addHelpText(
    "after",
    "\nExit codes: 0 done, 1 the model or an input failed, 2 wrong usage, 130 interrupted.",
  );
  return program;
}

function packageVersion(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}
