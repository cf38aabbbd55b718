import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the playground as it is published. */
    siteFolder: string;
  }
}

/** Builds the playground once for all tests, in a process of its own: a test's is no place for production. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "krait-playground-"));
  project.provide("siteFolder", folder);
  const root = fileURLToPath(new URL("..", import.meta.url));
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const flags = ["--logLevel", "error", "--emptyOutDir", "--outDir", folder];
  const env = { ...process.env, NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [vite, "build", ...flags], { cwd: root, env });
  return () => rmSync(folder, { recursive: true, force: true });
}
