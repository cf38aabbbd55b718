import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "./figure.ts";
import type { Machine } from "./machine.ts";

/** Everything that one run of a suite found. */
export interface Results {
  readonly suite: string;
  readonly started: Date;
  readonly machine: Machine;
  readonly quick: boolean;
  readonly ops: boolean;
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
}

/** Writes results to `results/<suite>-<date>-<cpu>.json`, a figure a line, and returns the file's path. */
export async function saveResults({ figures, ...run }: Results): Promise<string> {
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  const date = run.started.toISOString().slice(0, 10);
  const cpu = run.machine.cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const path = join(folder, `${run.suite}-${date}-${cpu}.json`);
  const lines = figures.map((figure) => `    ${JSON.stringify(figure)}`).join(",\n");
  const head = JSON.stringify(run, undefined, 2).slice(0, -2);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${head},\n  "figures": [\n${lines}\n  ]\n}\n`);
  return relative(process.cwd(), path);
}
