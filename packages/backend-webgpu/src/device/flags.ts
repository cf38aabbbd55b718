// The numbers of WebGPU's flags. Browsers have them as globals, Dawn in Node only where they are installed.

export const BufferUsage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  storage: 0x80,
  queryResolve: 0x200,
} as const;

export const MAP_READ = 0x1;

export const COMPUTE_STAGE = 0x4;
