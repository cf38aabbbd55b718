import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { declarationsOf } from "../declarations.ts";
import { filesBelow, publicPackages, root } from "./workspace.ts";

/** Programs, which nothing imports, have no declarations. */
const libraries = publicPackages().filter(({ folder }) => existsSync(join(root, folder, "src/index.ts")));

test.each(libraries)("every export of $name says its type, as the build needs it", ({ folder }) => {
  const problems = filesBelow(join(folder, "src"))
    .filter((path) => path.endsWith(".ts") && !/\.(test|d)\.ts$/.test(path))
    .flatMap((path) => {
      try {
        declarationsOf(path, readFileSync(join(root, path), "utf8"));
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
  expect(problems).toEqual([]);
});
