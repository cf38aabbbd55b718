import { readdirSync, readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";

const folder = new URL("../fixtures/", import.meta.url);

/** Of every file below `fixtures`, its path without compression, and the path that it has there. */
const stored = new Map(
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => {
    const portable = path.replaceAll("\\", "/");
    return [portable.replace(/\.br$/, ""), portable] as const;
  }),
);

/** Paths such as `tiny-a/config.json`. In a page `tooling/fixtures-in-page.ts` stands for this module. */
export const fixturePaths: readonly string[] = [...stored.keys()].filter((path) => path.includes("."));

/** A file's bytes without compression. */
export function readFixtureFile(path: string): Uint8Array<ArrayBuffer> {
  const bytes = readFileSync(new URL(stored.get(path)!, folder));
  return new Uint8Array(stored.get(path) === path ? bytes : brotliDecompressSync(bytes));
}
