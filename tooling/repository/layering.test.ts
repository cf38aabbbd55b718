import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layeringProblem, rowOf } from "./layering.ts";
import { loadedNeighbours, sourceFiles } from "./source-files.ts";
import { root, workspacePackages } from "./workspace.ts";

const packages = workspacePackages();
const filesOf = new Map(packages.map((pkg) => [pkg, sourceFiles(pkg)]));
const names = new Set(packages.map(({ name }) => name));
const rootManifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** `@scope/name/deep` → `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isPackage(specifier: string): boolean {
  return !specifier.startsWith(".") && !specifier.startsWith("node:");
}

describe("layering", () => {
  test.each(packages.filter(({ manifest }) => !manifest.private))("$name has its row", ({ name }) => {
    expect(rowOf(name)).toBeGreaterThan(0);
  });

  test.each(packages)("$name imports only what stands below it", (pkg) => {
    const problems = filesOf.get(pkg)!.flatMap(({ path, imports, test }) =>
      imports
        .filter(({ specifier }) => isPackage(specifier))
        .map(({ specifier, kind }) => ({ from: pkg.name, to: packageOf(specifier), kind, test }))
        .filter(({ to }) => names.has(to) && to !== pkg.name)
        .flatMap((edge) => {
          const problem = layeringProblem(edge);
          return problem === undefined ? [] : [`${path}: ${problem}`];
        }),
    );
    expect(problems).toEqual([]);
  });

  test.each(packages)("$name depends only on what stands below it", ({ name, manifest }) => {
    const problems = Object.keys(manifest.dependencies ?? {})
      .filter((to) => names.has(to))
      // `dynamic` is the most a manifest can allow; how it is imported is for the sources to say.
      .map((to) => layeringProblem({ from: name, to, kind: "dynamic", test: false }))
      .filter((problem) => problem !== undefined);
    expect(problems).toEqual([]);
  });

  test.each(packages)("$name declares what it imports, and imports what it declares", (pkg) => {
    const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = pkg.manifest;
    const shipped = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
    const forTests = new Set([
      ...shipped,
      ...Object.keys(devDependencies),
      ...Object.keys(rootManifest.devDependencies),
      pkg.name,
    ]);
    const problems: string[] = [];
    const imported = new Set<string>();
    for (const { path, imports, test } of filesOf.get(pkg)!) {
      const allowed = test || pkg.manifest.private ? forTests : shipped;
      for (const name of imports
        .map(({ specifier }) => specifier)
        .filter(isPackage)
        .map(packageOf)) {
        imported.add(name);
        if (!allowed.has(name)) problems.push(`${path} imports ${name}, which is not declared`);
      }
    }
    for (const name of [...shipped, ...Object.keys(devDependencies)]) {
      if (!imported.has(name) && !name.startsWith("@types/"))
        problems.push(`${name} is declared and never imported`);
    }
    expect(problems).toEqual([]);
  });

  test.each(packages)("no file of $name imports itself through others", (pkg) => {
    const neighbours = loadedNeighbours(filesOf.get(pkg)!);
    expect(firstCycle(neighbours)).toBeUndefined();
  });

  test.each([
    ["@krait/tensor", "@krait/weights", "static", false],
    ["@krait/models", "@krait/backend-cpu", "static", false],
    ["@krait/backend-cpu", "@krait/models", "static", false],
    ["@krait/tokenizer", "@krait/tensor", "type", false],
    ["@krait/engine", "@krait/backend-cpu", "dynamic", false],
    ["krait", "@krait/backend-cpu", "static", false],
    ["krait", "@krait/testing", "static", false],
    ["@krait/engine", "krait", "static", true],
  ] as const)("%s may not import %s (%s, in a test: %s)", (from, to, kind, test) => {
    expect(layeringProblem({ from, to, kind, test })).toBeTypeOf("string");
  });

  test("a cycle is told as the files it passes through", () => {
    const cycle = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", []],
      ["d", ["b"]],
    ]);
    expect(firstCycle(cycle)).toEqual(["b", "d", "b"]);
    cycle.set("d", ["c"]);
    expect(firstCycle(cycle)).toBeUndefined();
  });
});

/** Depth first: a file met again while it is still on the path closes a cycle. */
function firstCycle(neighbours: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (path: readonly string[]): string[] | undefined => {
    const file = path.at(-1)!;
    const start = path.indexOf(file);
    if (start < path.length - 1) return path.slice(start);
    if (done.has(file)) return undefined;
    for (const next of neighbours.get(file) ?? []) {
      const cycle = walk([...path, next]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of neighbours.keys()) {
    const cycle = walk([file]);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
