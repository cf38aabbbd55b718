import { expect, test } from "vitest";
import { compileKernels, hasCompiler, sourceHash as hashOfSources } from "../kernels/compile.ts";
import { kernelsBase64, sourceHash } from "./kernels-base64.ts";

test("the committed kernels belong to their sources; after a change: pnpm build:kernels", () => {
  expect(sourceHash).toBe(hashOfSources());
});

test("the kernels compile to what is committed", (context) => {
  if (!hasCompiler()) context.skip("clang-22 is not installed");
  expect(compileKernels().toString("base64")).toBe(kernelsBase64);
});

test("the kernels need nothing beyond what Node 20 and every browser with SIMD has", async () => {
  const bytes = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
  const module = await WebAssembly.compile(bytes);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
});
