// Runs steps and then a program with the toolchain that this repository pins, after installing it.
//
//   node tooling/run.mjs [--quiet] "turbo run build" "biome check ." -- vitest run
//
// The program after `--` has the terminal to itself: its input, its signals and its exit code are
// those of the command that was typed. With `--quiet` a step's output is shown only when it fails.
//
// The tools need a newer Node than some machines have. On such a machine this borrows Node itself
// from the npm registry, beside the pinned pnpm, for the length of the run: nothing global changes.
// It is plain JavaScript without dependencies, so that Node 20 runs it before anything is installed.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const BORROWED_NODE = "node@24.21.0";

const root = fileURLToPath(new URL("..", import.meta.url));
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const [major, minor] = process.versions.node.split(".").map(Number);
const isNodeRecent = major > 22 || (major === 22 && minor >= 18);
const tools = isNodeRecent ? [packageManager] : [packageManager, BORROWED_NODE];

const words = process.argv.slice(2);
const quiet = words[0] === "--quiet";
const steps = words.slice(quiet ? 1 : 0, words.indexOf("--"));
const program = words.slice(words.indexOf("--") + 1);

const env = {
  ...process.env,
  // The packed packages are tested on the machine's own Node where it is the oldest that they promise.
  KRAIT_HOST_NODE: process.execPath,
  NO_UPDATE_NOTIFIER: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  TURBO_TELEMETRY_DISABLED: "1",
};

// Ctrl-C reaches the whole process group, so that what runs now decides what it means: this only
// has to outlive it. Other signals come to this process alone and are passed on; and where the
// shell between npm and this process keeps them to itself, its death tells.
let running;
const parent = process.ppid;
process.on("SIGINT", () => isatty(0) || running?.kill("SIGINT"));
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => running?.kill(signal));
setInterval(() => process.ppid === parent || running?.kill("SIGTERM"), 1000).unref();

const packages = tools.map((tool) => `--package=${tool}`);
const fetchTools = [
  "exec",
  "--yes",
  "--prefer-offline",
  ...packages,
  "--call",
  "node --print process.env.PATH",
];
const path = await capture(`Preparing ${tools.join(" and ")}`, "npm", fetchTools);
env.PATH = [join(root, "node_modules", ".bin"), path.trim()].join(delimiter);

const install = ["install", ...(process.env.CI ? ["--frozen-lockfile"] : []), "--reporter=append-only"];
await capture("Installing dependencies", "pnpm", install);
for (const step of steps) {
  const [name, ...args] = step.split(" ");
  if (quiet) await capture(`Running ${step.split(" --")[0]}`, name, args);
  else exitUnlessZero(await run(name, args, ["ignore", "inherit", "inherit"]));
}
process.exit(await run(program[0], program.slice(1), "inherit"));

/** Runs a program silently and gives what it printed; when it fails, shows that and ends with its exit code. */
async function capture(task, name, args) {
  const slow = setTimeout(() => console.error(`${task}…`), 1000);
  const output = [];
  const errors = [];
  const status = await run(name, args, ["ignore", "pipe", "pipe"], (child) => {
    child.stdout.on("data", (piece) => output.push(piece));
    child.stderr.on("data", (piece) => errors.push(piece));
  });
  clearTimeout(slow);
  const text = Buffer.concat(output).toString();
  if (status !== 0) {
    console.error(`${text}${Buffer.concat(errors)}`.trim());
    console.error(`\n${task} failed: "${name} ${args.join(" ")}" ended with ${status}.`);
    if (name === "npm" || name === "pnpm") {
      console.error("If the npm registry could not be reached, check the network and npm's proxy settings.");
    }
    process.exit(status);
  }
  return text;
}

/** The exit code of a program, in the shell's manner: 128 and the signal's number when one ended it. */
function run(name, args, stdio, onStart = () => {}) {
  return new Promise((resolve) => {
    running = spawn(name, args, { cwd: root, env, stdio, shell: process.platform === "win32" });
    onStart(running);
    running.on("error", (error) => {
      console.error(`Cannot start "${name}": ${error.message}`);
      resolve(127);
    });
    running.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

function exitUnlessZero(status) {
  if (status !== 0) process.exit(status);
}
