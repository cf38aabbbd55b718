import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compileKernels, hasCompiler, sourceHash as hashOfSources } from "../kernels/compile.ts";
import { kernelsBase64, sourceHash } from "./kernels-base64.ts";

const committed = (build: keyof typeof kernelsBase64) =>
  gunzipSync(Buffer.from(kernelsBase64[build], "base64"));

test("the committed kernels belong to their sources; after a change: pnpm build:kernels", () => {
  expect(sourceHash).toBe(hashOfSources());
});

test.for(["plain", "relaxed"] as const)("the %s build compiles to what is committed", (build, context) => {
  if (!hasCompiler()) context.skip("clang-22 is not installed");
  expect(compileKernels(build).equals(committed(build))).toBe(true);
});

test("the plain build needs nothing beyond what Node 20 and every browser with SIMD has", async () => {
  const module = await WebAssembly.compile(new Uint8Array(committed("plain")));
  expect(WebAssembly.Module.imports(module).filter(({ kind }) => kind === "memory")).toEqual([
    { module: "env", name: "memory", kind: "memory" },
  ]);
  const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
  expect(imports.sort()).toEqual(["memory", "multiplyShards", "runParts", "widenShards"]);
});
