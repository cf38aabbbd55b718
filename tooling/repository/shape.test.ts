import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { filesBelow, publicPackages, root, workspacePackages } from "./workspace.ts";

const MEBIBYTE = 2 ** 20;

const read = (path: string) => readFileSync(join(root, path), "utf8");
const isData = (path: string) => /\/(fixtures|model)\/|^pnpm-lock\.yaml$/.test(path);
const isCode = (path: string) => /\.(tsx?|js|mjs|css|py|sh|wgsl|cu|cuh|cpp|c|h)$/.test(path) && !isData(path);
const isText = (path: string) => (isCode(path) || /\.(md|json|yaml|toml)$/.test(path)) && !isData(path);

describe("tracked files", () => {
  let tracked: string[];

  beforeAll(() => {
    tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
      .split("\0")
      .filter((path) => path !== "" && existsSync(join(root, path)));
  });

  test("take less than 18 MiB in all", () => {
    const bytes = tracked.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
    expect(bytes).toBeLessThan(18 * MEBIBYTE);
  });

  test("that are code have at most 300 lines", () => {
    const long = tracked.filter((path) => isCode(path) && read(path).trimEnd().split("\n").length > 300);
    expect(long).toEqual([]);
  });

  test("that are code are named for a subject", () => {
    const vague = tracked.filter((path) => /^(utils?|helpers?|misc|common)\./.test(basename(path)));
    expect(vague).toEqual([]);
  });

  test("name no folder of anyone's machine and no package registry", () => {
    const personal =
      /["'`\s(=](\/(root|work|(Users|home)\/(?!me\b)\w+)\/[\w.]|[A-Z]:\\Users\\)|\bregistry\.[\w-]+\.\w/;
    const found = tracked.filter(isText).flatMap((path) =>
      read(path)
        .split("\n")
        .filter((line) => personal.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

test("the lockfile takes every package from the registry that is configured", () => {
  expect(read("pnpm-lock.yaml")).not.toMatch(/tarball: ?['"]?https?:/);
});

test.each(workspacePackages())("index.ts of $name only exports", ({ folder }) => {
  const problems = filesBelow(folder)
    .filter((path) => basename(path) === "index.ts")
    .flatMap((path) => {
      const { statements } = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest);
      return statements.filter((statement) => !ts.isExportDeclaration(statement)).map(() => path);
    });
  expect(problems).toEqual([]);
});

describe.each(publicPackages())("$name", ({ name, folder, manifest }) => {
  test("says what it needs and what it allows", () => {
    expect(manifest).toMatchObject({ license: "Apache-2.0", engines: { node: ">=20.19" } });
    if (manifest.bin === undefined) expect(manifest.sideEffects).toBe(false);
  });

  test("has a README", () => {
    expect(read(join(folder, "README.md"))).toMatch(/^# /);
  });

  test("tells its users what changed", () => {
    const changesets = readdirSync(join(root, ".changeset"))
      .filter((file) => file.endsWith(".md"))
      .map((file) => read(join(".changeset", file)));
    const told = changesets.some((text) =>
      new RegExp(`^["']?${name}["']?: (major|minor|patch)$`, "m").test(text),
    );
    expect(told || existsSync(join(root, folder, "CHANGELOG.md"))).toBe(true);
  });
});
