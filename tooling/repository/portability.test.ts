import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { loadedNeighbours, sourceFiles } from "./source-files.ts";
import { publicPackages, root } from "./workspace.ts";

/** The places that ask for Node's modules, at run time and where there are some. */
const nodeDoors = ["packages/weights/src/storage/node.ts", "packages/hub/src/disk/node.ts"];

/** An entry of its own, for Node alone; that the others do not load it, the next test holds. */
const isNodeEntry = (path: string) => path.startsWith("packages/server/src/node/");

/** The terminal program, and the backends that call libraries of the system. */
const forNode = ["@krait/cli", "@krait/backend-native", "@krait/backend-cuda"];

/** Packages that run in a page, a worker or any other runtime. */
const portable = publicPackages().filter(
  ({ name, folder }) => !forNode.includes(name) && existsSync(join(root, folder, "src/index.ts")),
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

test.each(portable)("$name uses no global of Node", (pkg) => {
  const problems = sourceFiles(pkg)
    .filter(({ path, test }) => !test && !nodeDoors.includes(path) && !isNodeEntry(path))
    .flatMap(({ path }) => nodeGlobalsOf(path, readFileSync(join(root, path), "utf8")));
  expect(problems).toEqual([]);
});

test("a global of Node is found where it is used, and not where something else has its name", () => {
  const source = "const x = { process: 1 }; x.process; Buffer.from(''); function f() { return process.env; }";
  expect(nodeGlobalsOf("a.ts", source)).toEqual(["a.ts uses Buffer", "a.ts uses process"]);
});

test("every package without Node's types is type-checked without them", () => {
  const { include } = readJson("tooling/tsconfig.portable.json");
  const withoutNode = portable
    .filter(({ folder }) => !readJson(join(folder, "tsconfig.json")).compilerOptions?.types?.includes("node"))
    .map(({ folder }) => `../${folder}/src`);
  expect([...include].sort()).toEqual(withoutNode.sort());
});

/** Members of these globals that a file reaches for. */
function nodeGlobalsOf(path: string, source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const { text } = node.expression;
      if (["process", "Buffer"].includes(text)) found.push(`${path} uses ${text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return found;
}

function readJson(path: string) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}
