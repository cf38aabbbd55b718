import { expect, test } from "vitest";
import type { Capabilities } from "../capabilities/capabilities.ts";
import { placesToTry } from "./places.ts";

const capabilities: Capabilities = {
  webgpu: "missing",
  wasmSimd: true,
  crossOriginIsolated: true,
  privateFiles: true,
  sharedWorkers: true,
  offline: true,
};
const source = { kind: "embedded" } as const;
const choice = { backend: "auto", sharing: "with a GPU", capabilities } as const;
const onGpu = { ...choice, capabilities: { ...capabilities, webgpu: "hardware" } } as const;
const own = (...backends: string[]) => backends.map((backend) => ({ backend, shared: false }));

test("whatever was chosen has WebAssembly behind it, and the reference behind that", () => {
  expect(placesToTry(source, choice)).toEqual(own("auto", "wasm", "cpu"));
  expect(placesToTry(source, { ...choice, backend: "webgpu" })).toEqual(own("webgpu", "wasm", "cpu"));
  expect(placesToTry(source, { ...choice, backend: "cpu" })).toEqual(own("cpu", "wasm"));
  const withoutSimd = { ...choice, capabilities: { ...capabilities, wasmSimd: false } };
  expect(placesToTry(source, withoutSimd)).toEqual(own("auto", "cpu"));
});

test("a model on a graphics card is one for all tabs, where their worker has WebGPU", () => {
  const behind = own("auto", "wasm", "cpu");
  expect(placesToTry(source, onGpu)).toEqual([{ backend: "webgpu", shared: true }, ...behind]);
  expect(placesToTry(source, { ...onGpu, sharing: "never" })).toEqual(behind);
  expect(placesToTry(source, { ...onGpu, backend: "wasm" })).toEqual(own("wasm", "cpu"));
});

test("a model in WebAssembly is one for all tabs if that is wished", () => {
  const always = { ...choice, sharing: "always" } as const;
  const [first, ...behind] = placesToTry(source, always);
  expect(first).toEqual({ backend: "auto", shared: true });
  expect(behind).toEqual(own("auto", "wasm", "cpu"));
});

test("nothing is shared without shared workers, nor what has no name", () => {
  const alone = { ...capabilities, sharedWorkers: false };
  const always = { ...choice, sharing: "always" } as const;
  expect(placesToTry(source, { ...always, capabilities: alone }).some(({ shared }) => shared)).toBe(false);
  const files = { kind: "files", files: new Map() } as const;
  expect(placesToTry(files, always).some(({ shared }) => shared)).toBe(false);
});
