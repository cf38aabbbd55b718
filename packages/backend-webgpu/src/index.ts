export { WebGpuUnavailableError } from "./adapter.ts";
export { createWebGPUBackend, type WebGpuBackend, type WebGpuBackendOptions } from "./backend.ts";
export type { Counters } from "./device/device.ts";
export { KernelCompileError } from "./kernel-compile-error.ts";
export type { ProductChoice, ProductsOption } from "./products/product-choices.ts";
export { KernelWrongError } from "./self-test/self-test.ts";
export type { KernelTime } from "./step.ts";
