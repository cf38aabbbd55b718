import { describe, test } from "vitest";
import { compileKernels, type KernelBuild } from "../src/kernel-build.ts";

/** Registers tests for each build of the kernels; those of one that does not work here skip and say why. */
export async function onBuilds(register: (build: KernelBuild) => void): Promise<void> {
  for (const build of ["plain", "relaxed"] as const) {
    const problem = await compileKernels(build).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (problem === undefined) describe(build, () => register(build));
    else test(`the ${build} build`, ({ skip }) => skip(problem));
  }
}
