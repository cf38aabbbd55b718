import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { type ImportStatement, importsOf } from "./import-statements.ts";
import { filesBelow, root, type WorkspacePackage } from "./workspace.ts";

export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly imports: readonly ImportStatement[];
  /** A test, what tests share, an example or configuration: not part of what the package's users import. */
  readonly test: boolean;
}

/** The TypeScript and JavaScript files of a package, with what they import. */
export function sourceFiles({ folder }: WorkspacePackage): SourceFile[] {
  return filesBelow(folder)
    .filter((path) => /\.(tsx?|js|mjs)$/.test(path))
    .map((path) => ({
      path,
      imports: importsOf(path, readFileSync(join(root, path), "utf8")),
      test:
        path.endsWith(".test.ts") || !(path.startsWith(`${folder}/src/`) || path === `${folder}/index.js`),
    }));
}

/** Which files each file loads when it is loaded: relative imports that are neither types nor dynamic. */
export function loadedNeighbours(files: readonly SourceFile[]): Map<string, string[]> {
  return new Map(
    files.map(({ path, imports }) => [
      path,
      imports
        .filter(({ specifier, kind }) => specifier.startsWith(".") && kind === "static")
        .map(({ specifier }) => normalize(join(dirname(path), specifier))),
    ]),
  );
}
