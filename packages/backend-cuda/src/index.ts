export { type CudaBackend, type CudaBackendOptions, createCudaBackend } from "./backend.ts";
export { CudaError, CudaUnavailableError } from "./cuda-errors.ts";
export type { Counters } from "./device/device.ts";
export { type LaunchTime, timeLaunches } from "./time-launches.ts";
