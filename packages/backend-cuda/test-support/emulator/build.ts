import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { filesOf, kernelFolder, sourceNames } from "../../kernels/compile.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const run = promisify(execFile);

/** Without the second, g++ takes vectors of bytes that are read as numbers for something else than they are. */
const FLAGS = ["-O2", "-fno-strict-aliasing", "-ffp-contract=off", "-std=c++17", "-fPIC", "-Wall", "-Wextra"];
const KERNEL_FLAGS = [`-I${kernelFolder}`, `-I${join(folder, "shims")}`, "-Wno-unknown-pragmas"];

/** The text of g++'s version; undefined where it is not installed, or fibers are not written for the processor. */
function compilerVersion(): string | undefined {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) return undefined;
  try {
    return execFileSync("g++", ["--version"], { encoding: "utf8" });
  } catch {
    return undefined;
  }
}

/** One file that is compiled: what it says, and all that its object depends on. */
interface Unit {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly string[];
  readonly dependencies: readonly string[];
}

function units(): Unit[] {
  const headers = [".", "shims"].flatMap((part) =>
    readdirSync(join(folder, part))
      .filter((file) => file.endsWith(".h"))
      .map((file) => join(folder, part, file)),
  );
  const own = ["runtime", "driver"].map((name) => {
    const path = join(folder, `${name}.cpp`);
    return { name, text: `#include "${path}"\n`, flags: [], dependencies: [path, ...headers] };
  });
  const kernels = sourceNames().map((name) => ({
    name,
    // A namespace of its own: what several sources include must not be merged, for its shared memory is a
    // section of each.
    text: `#include <cuda_bf16.h>\n#include <cuda_fp16.h>\nnamespace {\n#include "${name}.cu"\n}\n`,
    flags: [...KERNEL_FLAGS, `-DSIMT_SECTION=simt_shared_${name.replaceAll("-", "_")}`],
    dependencies: [...filesOf(`${name}.cu`).map((file) => join(kernelFolder, file)), ...headers],
  }));
  return [...own, ...kernels];
}

function hashOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 32);
}

/** Runs a command that writes a file, unless the file is there; others may do the same at the same time. */
async function make(path: string, command: (temporary: string) => Promise<unknown>): Promise<string> {
  if (existsSync(path)) return path;
  const temporary = `${path}.${process.pid}`;
  await command(temporary);
  renameSync(temporary, path);
  return path;
}

/**
 * The library that takes the driver's place, with all kernels in it; compiled where a source has changed.
 *
 * @returns its path; undefined where there is no compiler for it.
 */
export async function buildEmulator(): Promise<string | undefined> {
  const version = compilerVersion();
  if (version === undefined) return undefined;
  const cache = join(tmpdir(), "krait-cuda-emulator");
  mkdirSync(cache, { recursive: true });
  const objects: string[] = [];
  const waiting = units();
  const compileNext = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const { name, text, flags, dependencies } = unit;
      const contents = dependencies.map((file) => readFileSync(file));
      const base = join(cache, `${name}-${hashOf(version, text, ...FLAGS, ...flags, ...contents)}`);
      writeFileSync(`${base}.cpp`, text);
      const args = [...FLAGS, ...flags, "-c", `${base}.cpp`, "-o"];
      objects.push(await make(`${base}.o`, (temporary) => run("g++", [...args, temporary])));
    }
  };
  await Promise.all([compileNext(), compileNext()]);
  objects.sort();
  return await make(join(cache, `libcuda-${hashOf(...objects)}.so`), (temporary) =>
    run("g++", ["-shared", ...objects, "-o", temporary]),
  );
}
