/**
 * The functions of CUDA's driver API that are called, and what they take; each gives a `CUresult`.
 * Handles and addresses of the device are `uint64_t`; a `void *` is memory of the host that is read or
 * written during the call.
 */
export const signatures = {
  cuInit: "unsigned int",
  cuDriverGetVersion: "void *",
  cuDeviceGetCount: "void *",
  cuDeviceGet: "void *, int",
  cuDeviceGetName: "void *, int, int",
  cuDeviceGetAttribute: "void *, int, int",
  cuDevicePrimaryCtxRetain: "void *, int",
  cuDevicePrimaryCtxRelease_v2: "int",
  cuCtxSetCurrent: "uint64_t",
  cuMemGetInfo_v2: "void *, void *",
  cuDeviceGetDefaultMemPool: "void *, int",
  cuMemPoolSetAttribute: "uint64_t, int, void *",
  cuMemPoolTrimTo: "uint64_t, size_t",
  cuMemAllocAsync: "void *, size_t, uint64_t",
  cuMemFreeAsync: "uint64_t, uint64_t",
  cuMemHostAlloc: "void *, size_t, unsigned int",
  cuMemFreeHost: "uint64_t",
  cuMemcpyHtoDAsync_v2: "uint64_t, uint64_t, size_t, uint64_t",
  cuMemcpyDtoHAsync_v2: "uint64_t, uint64_t, size_t, uint64_t",
  cuMemcpyDtoDAsync_v2: "uint64_t, uint64_t, size_t, uint64_t",
  cuMemsetD8Async: "uint64_t, unsigned char, size_t, uint64_t",
  cuStreamCreate: "void *, unsigned int",
  cuStreamDestroy_v2: "uint64_t",
  cuStreamSynchronize: "uint64_t",
  cuStreamBeginCapture_v2: "uint64_t, int",
  cuStreamEndCapture: "uint64_t, void *",
  cuGraphInstantiateWithFlags: "void *, uint64_t, uint64_t",
  cuGraphLaunch: "uint64_t, uint64_t",
  cuGraphExecDestroy: "uint64_t",
  cuGraphDestroy: "uint64_t",
  cuEventCreate: "void *, unsigned int",
  cuEventDestroy_v2: "uint64_t",
  cuEventRecord: "uint64_t, uint64_t",
  cuEventQuery: "uint64_t",
  cuEventElapsedTime: "void *, uint64_t, uint64_t",
  // Module, image, options: how many, which, and their values.
  cuModuleLoadDataEx: "void *, void *, unsigned int, void *, void *",
  cuModuleUnload: "uint64_t",
  cuModuleGetFunction: "void *, uint64_t, const char *",
  cuFuncSetAttribute: "uint64_t, int, int",
  // Function, grid, block, shared bytes, stream, parameters, options.
  cuLaunchKernel:
    "uint64_t, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, uint64_t, void *, void *",
} as const;

export type DriverFunction = keyof typeof signatures;
