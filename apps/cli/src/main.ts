import { ExitCode } from "./exit-code.ts";
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
  const exitCode = exitCodeOf(error);
  // Asked for help or the version, commander prints it and throws.
  if (exitCode !== ExitCode.ok) {
    const style = { json: flags.includes("--json"), verbose: flags.includes("--verbose") };
    process.stderr.write(formatError(error, style));
  }
  process.exitCode = exitCode;
}
