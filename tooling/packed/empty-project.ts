import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

/**
 * A project with nothing in it but one package, installed by npm from its tarball. What that
 * package needs of ours comes from the other tarballs, through `overrides`, so that the project
 * depends on the one alone and its imports find what a stranger's would.
 */
export async function installAlone(
  name: string,
  tarballs: ReadonlyMap<string, string>,
  folder: string,
): Promise<string> {
  const project = join(folder, name.replace("/", "-"));
  const manifest = {
    private: true,
    dependencies: { [name]: `file:${tarballs.get(name)}` },
    overrides: Object.fromEntries(
      [...tarballs].filter(([other]) => other !== name).map(([other, path]) => [other, `file:${path}`]),
    ),
  };
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  await runProgram(
    "npm",
    ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"],
    project,
  );
  return project;
}
