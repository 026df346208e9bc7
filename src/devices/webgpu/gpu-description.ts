/** What people are told of a GPU. */
export interface GpuDescription {
  /** "WebGPU, google swiftshader, subgroups" */
  readonly description: string;
  /** Driver, memory, limits and features, a line each. */
  readonly details: readonly string[];
}

/** Limits that say what a kernel or a tensor may be. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** @param used what kernels make use of */
export function describeGpu(
  { features, limits }: GPUDevice,
  { vendor, architecture, device, description }: GPUAdapterInfo,
  used: readonly string[],
): GpuDescription {
  const words = (...parts: readonly string[]): string =>
    parts.filter((part) => part !== "").join(" ");
  const name = words(vendor, architecture) || device || "an adapter without a name";
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) / 2 ** 30;
  return {
    description: ["WebGPU", name, ...used].join(", "),
    details: [
      `adapter: ${words(vendor, architecture, device) || "not said"}`,
      `driver: ${description || "not said"}`,
      `memory: up to ${most.toFixed(1)} GiB of tensors`,
      `limits: ${LIMITS.map((limit) => `${limit} ${limits[limit]}`).join(", ")}`,
      `features: ${[...features].sort().join(", ") || "none"}`,
    ],
  };
}
