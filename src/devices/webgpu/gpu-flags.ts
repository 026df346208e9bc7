/** Bits of WebGPU's GPUBufferUsage, GPUMapMode and GPUShaderStage, whose globals are not everywhere where a GPU is. */
export const USAGE = {
  mapRead: 0x0001,
  copyFrom: 0x0004,
  copyTo: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
} as const;
export const MAP_READ = 1;
export const COMPUTE_STAGE = 4;
