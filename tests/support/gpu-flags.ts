/** What gives a Chromium without a GPU one that computes on processors. */
export const GPU_FLAGS = [
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-webgpu-adapter=swiftshader",
];

/**
 * Kernels need neither the bounds that the compiler adds to every access nor workgroup memory that begins with zeros; in
 * software, these take more than half of the time. The cases of the ops run in Chromium with both.
 */
export const DAWN_TOGGLES = "enable-dawn-features=disable_robustness,disable_workgroup_init";
