import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PullOptions } from "../src/pull-model.ts";

/** Pulls a model in a process of its own. */
export function pullInProcess(name: string, options: PullOptions): ChildProcess & { done: Promise<string> } {
  const child = spawn(
    process.execPath,
    ["--conditions=@krait/source", fileURLToPath(new URL("pull-main.ts", import.meta.url))],
    { env: { ...process.env, PULL: JSON.stringify([name, options]) } },
  );
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.pipe(process.stderr);
  const done = new Promise<string>((resolve) => child.on("close", () => resolve(output)));
  return Object.assign(child, { done });
}
