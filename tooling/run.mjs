// Runs commands with the toolchain this repository pins, installing dependencies first.
//
//   node tooling/run.mjs "turbo run build" "vitest run"
//
// The tools need a newer Node than some machines have. On such a machine this borrows Node itself
// from the npm registry, beside the pinned pnpm, for the length of the run: nothing global changes.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const BORROWED_NODE = "node@24.21.0";

const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [major, minor] = process.versions.node.split(".").map(Number);
const isNodeRecent = major > 22 || (major === 22 && minor >= 18);

const tools = isNodeRecent ? [packageManager] : [packageManager, BORROWED_NODE];
const install = process.env.CI ? "pnpm install --frozen-lockfile" : "pnpm install";
const commands = [
  `${install} --reporter=silent`,
  ...process.argv.slice(2).map((command) => `pnpm exec ${command}`),
];

const { status } = spawnSync(
  "npm",
  ["exec", "--yes", ...tools.map((tool) => `--package=${tool}`), "-c", commands.join(" && ")],
  {
    stdio: "inherit",
    shell: process.platform === "win32",
    // The tests of the published packages run on the machine's own Node where it is the oldest we promise.
    env: { ...process.env, KRAIT_HOST_NODE: process.execPath },
  },
);
process.exit(status ?? 1);
