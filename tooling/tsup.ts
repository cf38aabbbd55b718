import type { Options } from "tsup";

/** One build recipe for every published package. */
export function library(overrides: Options = {}): Options {
  return {
    entry: ["src/index.ts"],
    format: ["esm"],
    target: "es2022",
    dts: true,
    sourcemap: true,
    clean: true,
    ...overrides,
  };
}
