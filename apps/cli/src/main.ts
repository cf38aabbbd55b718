import { InputError, NodeTooOldError } from "./errors.ts";
import { ExitCode } from "./exit-code.ts";
import { createProgram } from "./program.ts";
import { exitCodeOf, formatError } from "./report-error.ts";

const words = process.argv.slice(2);
const flags = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads our output has seen enough: `krait run … | head` is no failure.
  if (error.code !== "EPIPE") fail(outputError(error));
  process.exit();
});

try {
  // Node 20.16 has it, and what is older would end in riddles further on.
  if (process.getBuiltinModule === undefined) throw new NodeTooOldError();
  await createProgram().parseAsync(words, { from: "user" });
} catch (error) {
  // Asked for help or the version, commander prints it and throws.
  if (exitCodeOf(error) !== ExitCode.ok) fail(error);
}

function fail(error: unknown): void {
  const style = { json: flags.includes("--json"), verbose: flags.includes("--verbose") };
  process.stderr.write(formatError(error, style));
  process.exitCode = exitCodeOf(error);
}

function outputError(cause: Error): InputError {
  const message = `Standard output could not be written: ${cause.message}.`;
  return new InputError("INPUT_FAILED", "standard output", message, { cause });
}
