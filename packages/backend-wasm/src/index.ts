export { createWasmBackend, type WasmBackendOptions } from "./backend.ts";
export { DisposedError, MemoryLimitError, WeightLengthError } from "./errors.ts";
