import { existsSync } from "node:fs";
import { delimiter } from "node:path";

/** What Debian's chromium brings: a Vulkan that computes on processors, and what loads it. */
const CHROMIUM = "/usr/lib/chromium";
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;

/**
 * Points WebGPU in Node to that driver, unless VK_DRIVER_FILES names another. Libraries are looked for where the
 * environment said when a process started, so this is for the processes that are started from now on.
 */
export function useVulkanInSoftware(): void {
  if (process.env["VK_DRIVER_FILES"] !== undefined || !existsSync(DRIVER)) return;
  process.env["VK_DRIVER_FILES"] = DRIVER;
  const folders = process.env["LD_LIBRARY_PATH"]?.split(delimiter) ?? [];
  process.env["LD_LIBRARY_PATH"] = [...folders, CHROMIUM].join(delimiter);
}
