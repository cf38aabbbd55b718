import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Debian's names of the compiler and the linker of LLVM 22. */
const COMPILER = "clang-22";

const FLAGS = [
  "--target=wasm32",
  "-std=c17",
  "-O3",
  "-msimd128",
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
  "-Wl,--export-table",
  "-Wl,--growable-table",
  "-Wl,--export=__heap_base",
  "-Wl,-z,stack-size=65536",
  "-Wl,--strip-all",
];

const folder = fileURLToPath(new URL(".", import.meta.url));

const sources = (): string[] =>
  readdirSync(folder)
    .filter((file) => /\.[ch]$/.test(file))
    .sort();

/** SHA-256 of everything that the compiled module depends on, but the compiler. */
export function sourceHash(): string {
  const hash = createHash("sha256").update(FLAGS.join("\n"));
  for (const file of sources()) hash.update(`\n${file}\n`).update(readFileSync(join(folder, file)));
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

export function compileKernels(): Buffer {
  const out = mkdtempSync(join(tmpdir(), "krait-kernels-"));
  try {
    const files = sources().filter((file) => file.endsWith(".c"));
    execFileSync(COMPILER, [...FLAGS, ...files, "-o", join(out, "kernels.wasm")], { cwd: folder });
    return readFileSync(join(out, "kernels.wasm"));
  } finally {
    rmSync(out, { recursive: true });
  }
}
