import { expect, test } from "vitest";
import { type Capabilities, detectCapabilities, lacksOf } from "./capabilities.ts";

const everything: Capabilities = {
  webgpu: "hardware",
  wasmSimd: true,
  crossOriginIsolated: true,
  privateFiles: true,
  sharedWorkers: true,
  offline: true,
};

test("what is missing is told with what follows from it", () => {
  expect(lacksOf(everything)).toEqual([]);
  const bare = {
    webgpu: "missing",
    wasmSimd: true,
    crossOriginIsolated: false,
    privateFiles: false,
    sharedWorkers: false,
    offline: false,
  };
  expect(lacksOf(bare as Capabilities).map(({ name }) => name)).toEqual([
    "WebGPU",
    "Cross-origin isolation",
    "Private file storage",
    "Shared workers",
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
    sharedWorkers: false,
    offline: false,
  });
});
