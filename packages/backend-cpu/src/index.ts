export { type CpuBackendOptions, createCpuBackend } from "./backend.ts";
