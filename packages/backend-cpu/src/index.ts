export { type CpuBackendOptions, createCpuBackend } from "./backend.ts";
export { DisposedError, MemoryLimitError } from "./buffer.ts";
export { WeightLengthError } from "./weight.ts";
