/** Values of `CUresult` that are told apart. */
export const Result = {
  success: 0,
  outOfMemory: 2,
  noDevice: 100,
  notReady: 600,
} as const;

/**
 * After these the context is of no more use, whichever call reports them: uncorrectable errors of memory and of NVLink
 * and what the GPU contained of them, what a kernel can do wrong, from illegal addresses to a failed launch, a
 * context that was taken away, and what the driver has no name for, such as a GPU that fell off its bus.
 */
export const isFault = (result: number): boolean =>
  [201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999].includes(result);

/** Values of `CUdevice_attribute`. */
export const DeviceAttribute = {
  multiprocessors: 16,
  computeMajor: 75,
  computeMinor: 76,
  sharedBytesOptIn: 97,
  memoryPools: 115,
} as const;

/** `CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES` */
export const MAX_DYNAMIC_SHARED_BYTES = 8;

/** `CU_JIT_ERROR_LOG_BUFFER` and `CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES` */
export const JitOption = { errorLog: 5, errorLogBytes: 6 } as const;

/** `CU_MEMPOOL_ATTR_RELEASE_THRESHOLD` */
export const RELEASE_THRESHOLD = 4;

/** `CU_STREAM_NON_BLOCKING` */
export const NON_BLOCKING = 1;

/** `CU_EVENT_DEFAULT` and `CU_EVENT_DISABLE_TIMING` */
export const EventFlag = { timing: 0, withoutTiming: 2 } as const;

/** `CU_STREAM_CAPTURE_MODE_THREAD_LOCAL` */
export const THREAD_LOCAL = 1;
