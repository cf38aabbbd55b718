import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../kernels", import.meta.url));
const sources = readdirSync(folder).filter((name) => name.endsWith(".c"));

/** All sources as one, with a table of every kernel by its name. */
const unit = `
#define KERNEL static
${sources.map((name) => `#include "${name}"`).join("\n")}
#include "kernel-names.h"
#include "op-list.h"
#define ENTRY(name) {#name, (void (*)(void))name},
const struct { const char *name; void (*kernel)(void); } table[] = {EACH_KERNEL(ENTRY)};
`;

const warnings = ["-Wall", "-Wextra", "-Werror", "-ffp-contract=off"];

function has(compiler: string): boolean {
  try {
    execFileSync(compiler, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const targets: readonly [vectors: string, flags: readonly string[]][] = [
  ["128 bits", []],
  ["256 bits", ["-mavx2", "-mfma", "-mf16c"]],
  ["512 bits", ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mfma", "-mf16c"]],
];

describe.each(["gcc", "clang-22"])("%s", (compiler) => {
  test.for(targets)("compiles the kernels as one file for vectors of %s", (target, it) => {
    if (process.arch !== "x64" || !has(compiler)) it.skip(`${compiler} for x64 is not installed`);
    const flags = ["-std=c17", "-O2", ...warnings, ...target[1], `-I${folder}`];
    const compile = () =>
      execFileSync(compiler, [...flags, "-x", "c", "-c", "-", "-o", "/dev/null"], {
        input: unit,
        stdio: ["pipe", "pipe", "pipe"],
      });
    expect(compile).not.toThrow();
  });
});
