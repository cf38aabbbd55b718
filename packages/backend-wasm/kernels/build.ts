// Compiles the kernels and writes them where the package finds them:
//
//   node kernels/build.ts
//
// Needs clang and lld of the version below. What is written is committed, so that nobody who only runs
// or tests Krait needs a compiler; a test says when it no longer belongs to these sources.
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { compileKernels, sourceHash } from "./compile.ts";

const packed = (build: "plain" | "relaxed"): string =>
  gzipSync(compileKernels(build), { level: 9 }).toString("base64");

writeFileSync(
  new URL("../src/kernels-base64.ts", import.meta.url),
  `// Written by kernels/build.ts from the C sources beside it.

/** SHA-256 of the sources and of how they are compiled. */
export const sourceHash: string = "${sourceHash()}";

/** The compiled modules, gzipped. */
export const kernelsBase64 = {
  plain:
    "${packed("plain")}",
  relaxed:
    "${packed("relaxed")}",
} as const;
`,
);
