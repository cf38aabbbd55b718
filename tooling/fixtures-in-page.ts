import type { Plugin } from "vitest/config";
import { fixturePaths, readFixtureFile } from "../packages/testing/src/fixture-files.ts";

/** A page cannot read files: `@krait/testing` gets its fixtures with the code. */
export const fixturesInPage: Plugin = {
  name: "fixtures-in-page",
  enforce: "pre",
  load(id) {
    if (!id.split("?")[0]!.endsWith("/testing/src/fixture-files.ts")) return undefined;
    const base64 = (path: string) => Buffer.from(readFixtureFile(path)).toString("base64");
    const files = Object.fromEntries(fixturePaths.map((path) => [path, base64(path)]));
    return `const files = ${JSON.stringify(files)};
export const fixturePaths = Object.keys(files);
export function readFixtureFile(path) {
  return Uint8Array.from(atob(files[path]), (character) => character.charCodeAt(0));
}`;
  },
};
