import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Debian's names of the compiler and the linker of LLVM 22. */
const COMPILER = "clang-22";

const FLAGS = [
  "--target=wasm32",
  "-std=c17",
  "-O3",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-nostdlib",
  "-fvisibility=hidden",
  "-ffp-contract=off",
  "--no-wasm-opt",
  "-Wl,--no-entry",
  "-Wl,--export-dynamic",
  "-Wl,--import-memory",
  "-Wl,--max-memory=4294967296",
  "-Wl,--export-table",
  "-Wl,--growable-table",
  "-Wl,--export=__heap_base",
  "-Wl,--export=__stack_pointer",
  "-Wl,-z,stack-size=65536",
  "-Wl,--strip-all",
];

/** The builds: what every engine has, and the dot products of bytes that some have besides. */
export const builds = {
  plain: ["-msimd128"],
  relaxed: ["-msimd128", "-mrelaxed-simd"],
} as const;

export type Build = keyof typeof builds;

/** This backend's own kernels, and those that it shares; its own take the place of shared ones of the same name. */
const own = fileURLToPath(new URL(".", import.meta.url));
const manifest = createRequire(import.meta.url).resolve("@krait/cpu-kernels/package.json");
const shared = join(dirname(manifest), "kernels");

interface Source {
  readonly name: string;
  readonly path: string;
}

function sources(): Source[] {
  const byName = new Map<string, Source>();
  for (const folder of [shared, own]) {
    const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
    for (const name of names) byName.set(name, { name, path: join(folder, name) });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** SHA-256 of everything that the compiled modules depend on, but the compiler. */
export function sourceHash(): string {
  const hash = createHash("sha256").update(JSON.stringify([FLAGS, builds]));
  for (const { name, path } of sources()) hash.update(`\n${name}\n`).update(readFileSync(path));
  return hash.digest("hex");
}

/** Whether the compiler is installed. */
export function hasCompiler(): boolean {
  try {
    execFileSync(COMPILER, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function compileKernels(build: Build): Buffer {
  const out = mkdtempSync(join(tmpdir(), "krait-kernels-"));
  try {
    const files = sources()
      .map(({ path }) => path)
      .filter((path) => path.endsWith(".c"));
    const output = join(out, "kernels.wasm");
    execFileSync(COMPILER, [...FLAGS, ...builds[build], `-I${shared}`, ...files, "-o", output], { cwd: own });
    return readFileSync(output);
  } finally {
    rmSync(out, { recursive: true });
  }
}
