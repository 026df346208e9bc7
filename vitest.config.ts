import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { PlainSummary } from "./tests/repository/plain-summary.ts";
import { useVulkanInSoftware } from "./tests/support/vulkan-in-software.ts";

useVulkanInSoftware();

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^heed$/, replacement: source("./src/index.ts") },
      { find: /^heed\/plot$/, replacement: source("./src/plot/index.ts") },
    ],
  },
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/fresh-command.ts"],
    // Processes, not threads: V8's flags and the working directory belong to a process.
    pool: "forks",
    // A worker for each core: vitest would leave one to itself, half of a machine of two.
    maxWorkers: "100%",
    testTimeout: 90_000,
    // Installing the package compiles its kernels, which takes minutes beside other work.
    hookTimeout: 300_000,
    reporters: ["default", new PlainSummary()],
  },
});
