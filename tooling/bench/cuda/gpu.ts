// The backend by its sources, whichever way the rest of this repository is resolved: what is measured beside it runs
// on its device.
export { deviceOf } from "../../../packages/backend-cuda/src/backend.ts";
export type { Device } from "../../../packages/backend-cuda/src/device/device.ts";
export { EventTimer } from "../../../packages/backend-cuda/src/device/event-timer.ts";
export {
  type CudaBackend,
  CudaUnavailableError,
  createCudaBackend,
  type LaunchTime,
  timeLaunches,
} from "../../../packages/backend-cuda/src/index.ts";
export type { PtxModule } from "../../../packages/backend-cuda/src/launch.ts";
export { ceilingsPtx } from "../../../packages/backend-cuda/src/ptx/ceilings.ts";
export { CudaWeight, weightBytes } from "../../../packages/backend-cuda/src/weight.ts";
export { isVector, weightLayout } from "../../../packages/backend-cuda/src/weights/weight-layout.ts";
