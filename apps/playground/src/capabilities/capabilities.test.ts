import { expect, test } from "vitest";
import { backendsToTry, type Capabilities, detectCapabilities, lacksOf } from "./capabilities.ts";

const everything: Capabilities = {
  webgpu: "hardware",
  wasmSimd: true,
  crossOriginIsolated: true,
  privateFiles: true,
  offline: true,
};

test("whatever was chosen has WebAssembly behind it, and the reference behind that", () => {
  expect(backendsToTry("auto", everything)).toEqual(["auto", "wasm", "cpu"]);
  expect(backendsToTry("webgpu", everything)).toEqual(["webgpu", "wasm", "cpu"]);
  expect(backendsToTry("cpu", everything)).toEqual(["cpu", "wasm"]);
  expect(backendsToTry("auto", { ...everything, wasmSimd: false })).toEqual(["auto", "cpu"]);
});

test("what is missing is told with what follows from it", () => {
  expect(lacksOf(everything)).toEqual([]);
  const bare = {
    webgpu: "missing",
    wasmSimd: true,
    crossOriginIsolated: false,
    privateFiles: false,
    offline: false,
  };
  expect(lacksOf(bare as Capabilities).map(({ name }) => name)).toEqual([
    "WebGPU",
    "Cross-origin isolation",
    "Private file storage",
    "Service workers",
  ]);
});

test("vectors are found where WebAssembly has them, as here", async () => {
  const scope = { navigator: {}, crossOriginIsolated: false } as unknown as Window & typeof globalThis;
  expect(await detectCapabilities(scope)).toEqual({
    webgpu: "missing",
    wasmSimd: true,
    crossOriginIsolated: false,
    privateFiles: false,
    offline: false,
  });
});
