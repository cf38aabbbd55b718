import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export const kernelFolder: string = fileURLToPath(new URL(".", import.meta.url));

const FLAGS = ["-O3", "-std=c++17", "-ptx", "-arch=compute_80", "--expt-relaxed-constexpr"];

/** What CUDA 11.4 reads; nvcc writes its own version, though it uses nothing newer. */
const PTX_VERSION = "7.4";

/** The sources, each of which becomes a module of this name. */
export function sourceNames(): string[] {
  const files = readdirSync(kernelFolder).filter((file) => file.endsWith(".cu"));
  return files.map((file) => file.slice(0, -".cu".length)).sort();
}

/** A source and all that it includes, each once. */
export function filesOf(source: string): string[] {
  const found = new Set([source]);
  for (const file of found) {
    const text = readFileSync(join(kernelFolder, file), "utf8");
    for (const [, included] of text.matchAll(/^#include "(.+)"/gm)) found.add(included!);
  }
  return [...found];
}

/** SHA-256 of everything that a module depends on, but the compiler. */
export function sourceHash(name: string): string {
  const hash = createHash("sha256").update(JSON.stringify([FLAGS, PTX_VERSION]));
  for (const file of filesOf(`${name}.cu`)) {
    hash.update(`\n${file}\n`).update(readFileSync(join(kernelFolder, file)));
  }
  return hash.digest("hex");
}

/** Whether `nvcc` and `ptxas` are installed. */
export function hasCompiler(): boolean {
  try {
    for (const tool of ["nvcc", "ptxas"]) execFileSync(tool, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * The PTX of a source, without comments and line numbers. Names of what is static carry a hash of the folder that
 * the source was compiled in; it is replaced, so that the same source is the same PTX everywhere.
 */
export async function compilePtx(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "krait-ptx-"));
  try {
    const output = join(folder, "kernels.ptx");
    await run("nvcc", [...FLAGS, `${name}.cu`, "-o", output], { cwd: kernelFolder });
    return readFileSync(output, "utf8")
      .replace(/^\.version .*$/m, `.version ${PTX_VERSION}`)
      .replace(/_INTERNAL_[0-9a-f]{8}_/g, "_INTERNAL_00000000_")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.trim().startsWith("//"))
      .map((line) => line.replace(/\t/g, " ").trimEnd())
      .join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What ptxas says of each kernel: registers, shared memory, spills. */
export async function assemble(ptx: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "krait-ptx-"));
  try {
    const input = join(folder, "kernels.ptx");
    writeFileSync(input, ptx);
    const { stdout, stderr } = await run("ptxas", [
      ...["-arch=sm_80", "-v", "--warn-on-spills", input],
      ...["-o", join(folder, "kernels.cubin")],
    ]);
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
