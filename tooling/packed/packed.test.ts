import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicPackages } from "../repository/workspace.ts";
import { installAlone } from "./empty-project.ts";
import { findOldestNode } from "./oldest-node.ts";
import { exampleFiles, readmeExample } from "./readme-example.ts";
import { runProgram } from "./run-program.ts";
import { problemsOfDeclarations } from "./strict-types.ts";
import { packPublicPackages } from "./tarballs.ts";

const noOldestNode = "this machine has no Node 20, and the npm registry gave none";

const packages = publicPackages();
const libraries = packages.filter(
  ({ manifest }) => manifest.exports !== undefined && "." in manifest.exports,
);
const programs = packages.flatMap(({ name, manifest }) =>
  Object.keys(manifest.bin ?? {}).map((program) => ({ name, program, version: manifest.version })),
);

let folder: string;
let tarballs: ReadonlyMap<string, string>;
let oldestNode: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "krait-packed-"));
  tarballs = await packPublicPackages(folder);
  oldestNode = await findOldestNode(folder).catch(() => undefined);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.concurrent("packed", () => {
  test.for(packages)("publint finds nothing in $name", async ({ name, manifest }) => {
    const bytes = await readFile(tarballs.get(name)!);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  test.for(libraries)("the types of $name are those of its modules", async ({ name }) => {
    const result = await checkPackage(createPackageFromTarballData(await readFile(tarballs.get(name)!)));
    if (result.types === false) throw new Error(`${name} has no types.`);
    // The packages are ESM only, so how `require` resolved before it could load ESM is of no matter.
    const problems = result.problems.filter(
      (problem) =>
        !("resolutionKind" in problem && ["node10", "node16-cjs"].includes(problem.resolutionKind)),
    );
    expect(problems).toEqual([]);
  });

  test("the declarations of all hold in a project that checks those of libraries", () => {
    expect(problemsOfDeclarations(libraries)).toEqual([]);
  });

  test.for(libraries)("the README of $name opens with one of its examples", ({ folder: pkg }) => {
    expect(exampleFiles(pkg)).toContain(readmeExample(pkg));
  });

  test("the repository's README shows the example of krait", () => {
    expect(exampleFiles("packages/krait")).toContain(readmeExample("."));
  });

  test.for(libraries)("$name, installed alone, runs its README example on Node 20", async (pkg, { skip }) => {
    if (oldestNode === undefined) return skip(noOldestNode);
    const project = await installAlone(pkg.name, tarballs, folder);
    await writeFile(join(project, "example.mjs"), readmeExample(pkg.folder) ?? "");
    expect(await runProgram(oldestNode, ["example.mjs"], project)).not.toBe("");
  });

  test.for(programs)("$program of $name, installed alone, runs on Node 20", async (it, { skip }) => {
    if (oldestNode === undefined) return skip(noOldestNode);
    const node = oldestNode;
    const project = await installAlone(it.name, tarballs, folder);
    const run = (...args: string[]) =>
      runProgram(node, [join("node_modules", ".bin", it.program), ...args], project);
    expect((await run("--version")).trim()).toBe(it.version);
    expect(await run("run", "Hello!", "--max-tokens", "64")).not.toBe("");
  });
});
