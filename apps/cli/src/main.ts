import { CommanderError } from "commander";
import { UsageError } from "./errors.ts";
import { createProgram } from "./program.ts";
import { exitCodeOf, formatError } from "./report-error.ts";

// Whoever reads our output has seen enough: `krait run … | head` is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const words = process.argv.slice(2);
const flags = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;

try {
  await createProgram().parseAsync(words, { from: "user" });
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  if (!isHelp) {
    const shown = error instanceof CommanderError ? usageError(error) : error;
    const style = { json: flags.includes("--json"), verbose: flags.includes("--verbose") };
    process.stderr.write(formatError(shown, style));
    process.exitCode = exitCodeOf(shown);
  }
}

function usageError({ message, code }: CommanderError): UsageError {
  // Without a command the help has been shown, and says all there is to say.
  const said = code === "commander.help" ? "Which command?" : message.replace(/^error: /, "");
  return new UsageError(`${said} (krait --help lists what there is.)`);
}
