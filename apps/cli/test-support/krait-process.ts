import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How a test starts the program: from its sources, as nothing need be built. */
export const kraitCommand: readonly string[] = [
  process.execPath,
  "--conditions=@krait/source",
  fileURLToPath(new URL("../src/main.ts", import.meta.url)),
];

/** Compiled sources are kept from one start to the next, which makes it four times as fast. */
export const kraitEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: join(tmpdir(), "krait-compile-cache"),
};

export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KraitOptions {
  /** Standard input; it ends at once unless given. */
  readonly input?: string | Uint8Array;
  /** Variables to set beside those of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Gets the process and what it has printed so far, whenever it prints. */
  readonly onOutput?: (stdout: string, process: ChildProcessWithoutNullStreams) => void;
}

/** Runs the program in pipes. */
export function krait(
  args: readonly string[],
  { input = "", environment, onOutput }: KraitOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [node, ...rest] = kraitCommand;
    const child = spawn(node!, [...rest, ...args], { env: { ...kraitEnvironment, ...environment } });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(stdout, child);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
    // A program that ends without reading its input is no failure of the test.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The values of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
