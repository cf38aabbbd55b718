import type { Options } from "tsup";
import { writeDeclarations } from "./declarations.ts";

/** One build recipe for every published package. `dts: false` is for programs that nothing imports. */
export function library({ dts = true, ...overrides }: Options = {}): Options {
  return {
    entry: ["src/index.ts"],
    format: ["esm"],
    target: "es2022",
    dts: false,
    sourcemap: true,
    clean: true,
    async onSuccess() {
      if (dts) writeDeclarations("src", "dist");
    },
    ...overrides,
  };
}
