import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../repository/workspace.ts";

/** The first JavaScript or TypeScript block of a package's README. */
export function readmeExample(folder: string): string | undefined {
  const readme = readFileSync(join(root, folder, "README.md"), "utf8");
  return /^```(?:js|ts|mjs|javascript|typescript)\n(.*?)^```$/ms.exec(readme)?.[1];
}

/** The texts of the files in a package's `examples` folder. */
export function exampleFiles(folder: string): string[] {
  const examples = join(root, folder, "examples");
  if (!existsSync(examples)) return [];
  return readdirSync(examples).map((file) => readFileSync(join(examples, file), "utf8"));
}
