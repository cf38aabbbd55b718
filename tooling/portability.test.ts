import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadedNeighbours, sourceFiles } from "./source-files.ts";
import { publicPackages, root } from "./workspace.ts";

/** Packages that run in a page, a worker or any other runtime: all but the terminal program. */
const portable = publicPackages().filter(
  ({ name, folder }) => name !== "@krait/cli" && existsSync(join(root, folder, "src/index.ts")),
);

test.each(portable)("nothing that $name loads imports a module of Node", (pkg) => {
  const files = sourceFiles(pkg);
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const neighbours = loadedNeighbours(files);
  const loaded = new Set([join(pkg.folder, "src/index.ts")]);
  for (const path of loaded) for (const next of neighbours.get(path) ?? []) loaded.add(next);
  const problems = [...loaded].flatMap((path) =>
    (imports.get(path) ?? [])
      .filter(({ specifier, kind }) => specifier.startsWith("node:") && kind === "static")
      .map(({ specifier }) => `${path} imports ${specifier}`),
  );
  expect(problems).toEqual([]);
});

test("every package without Node's types is type-checked without them", () => {
  const { include } = readJson("tooling/tsconfig.portable.json");
  const withoutNode = portable
    .filter(({ folder }) => !readJson(join(folder, "tsconfig.json")).compilerOptions?.types?.includes("node"))
    .map(({ folder }) => `../${folder}/src`);
  expect([...include].sort()).toEqual(withoutNode.sort());
});

function readJson(path: string) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}
