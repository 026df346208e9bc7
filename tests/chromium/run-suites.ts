/** Runs the suites in a worker of a page, by vitest's own runner. */
import { startTests, type Task as TestTask, type VitestRunner } from "@vitest/runner";
import type { Task, TestReport } from "./report.ts";
import { askGpu, callsSoFar } from "./stand-ins/devices.ts";
import { provideFiles } from "./stand-ins/node-fs.ts";
import { IN_FULL_RUNS, SUITES } from "./suite-list.ts";

/** @param port leads to the worker that has the GPU */
export async function runSuites(port: MessagePort, { full, files }: Task): Promise<TestReport[]> {
  askGpu(port);
  provideFiles(files);
  const suites = full ? { ...SUITES, ...IN_FULL_RUNS } : SUITES;
  const calls = new Map<string, number>();
  const runner: VitestRunner = {
    config: CONFIG,
    importFile: (path) => suites[path.slice(1)]!(),
    onBeforeRunTask: ({ id }) => calls.set(id, -callsSoFar()),
    onAfterRunTask: ({ id }) => calls.set(id, calls.get(id)! + callsSoFar()),
  };
  const paths = Object.keys(suites).map((path) => `/${path}`);
  const ran = await startTests(paths, runner);
  return ran.flatMap(reportsOf);

  /** Of every test that was to run; of a suite or file, where itself failed. */
  function reportsOf(task: TestTask): TestReport[] {
    const { result, file } = task;
    const parts = task.type === "suite" ? task.tasks.flatMap(reportsOf) : [];
    const messages = (result?.errors ?? []).map(({ message }) => message);
    if (task.type === "suite" ? messages.length === 0 : task.mode !== "run") return parts;
    const complaint = result?.state === "pass" ? null : messages.join("; ") || "it did not run";
    const own = { file: file.filepath.slice(1), name: task.fullTestName ?? task.name, complaint };
    return [{ ...own, calls: calls.get(task.id) ?? 0 }, ...parts];
  }
}

/** As vitest.config.ts and vitest itself have it. */
const CONFIG: VitestRunner["config"] = {
  root: "/",
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  // What has the name of no device runs on others, in Node.
  testNamePattern: /\bwebgpu\b/i,
  allowOnly: false,
  sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 90_000,
  hookTimeout: 300_000,
  retry: 0,
  includeTaskLocation: undefined,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};
