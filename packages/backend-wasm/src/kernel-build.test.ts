import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compileKernels, probeDot } from "./kernel-build.ts";
import { kernelsBase64 } from "./kernels-base64.ts";

/** A module whose `probe_dot` stores the seed plus `factor` in each lane: never the dot product. */
const wrong = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 4, 127, 127, 127, 127, 0, 2, 15, 1, 3, 101, 110, 118, 6, 109, 101,
  109, 111, 114, 121, 2, 0, 1, 3, 2, 1, 0, 6, 7, 1, 127, 0, 65, 128, 8, 11, 7, 27, 2, 9, 112, 114, 111, 98,
  101, 95, 100, 111, 116, 0, 0, 11, 95, 95, 104, 101, 97, 112, 95, 98, 97, 115, 101, 3, 0, 10, 11, 1, 9, 0,
  32, 3, 32, 2, 54, 2, 0, 11,
]);

test("a relaxed dot product that computes wrongly is found out", async () => {
  expect(await probeDot(await WebAssembly.compile(wrong))).toBeUndefined();
});

test("the choice is relaxed where that build works, and plain where it does not", async () => {
  const works = await compileKernels("relaxed").then(
    () => true,
    () => false,
  );
  expect((await compileKernels("auto")).build).toBe(works ? "relaxed" : "plain");
});

test("a build that does not work here is refused with the reason, not replaced", async () => {
  const module = await WebAssembly.compile(
    new Uint8Array(gunzipSync(Buffer.from(kernelsBase64.plain, "base64"))),
  );
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).not.toContain("probe_dot");
  const relaxed = new Uint8Array(gunzipSync(Buffer.from(kernelsBase64.relaxed, "base64")));
  if (WebAssembly.validate(relaxed))
    return expect(await compileKernels("relaxed")).toHaveProperty("dotRange");
  await expect(compileKernels("relaxed")).rejects.toMatchObject({ code: "WASM_BUILD_UNAVAILABLE" });
});
