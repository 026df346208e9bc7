// What the library asks of where it runs: Node, through `process` and without an import, or a page.

type NodeModules = {
  fs: typeof import("node:fs");
  os: typeof import("node:os");
  worker_threads: typeof import("node:worker_threads");
};

/** Whether this is Node (or what takes its place), and not a page. */
export function isNode(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}

/** Whether there are Node's modules: not in a page, nor in a Node older than 20.16 or 22.3. */
export function hasNodeModules(): boolean {
  return isNode() && typeof process.getBuiltinModule === "function";
}

/** A module of Node's; null where there are none. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | null {
  return hasNodeModules() ? (process.getBuiltinModule(name) as NodeModules[Name]) : null;
}

/** Bytes of memory that this process may still take; ∞ where that is not known. */
export function freeMemory(): number {
  if (typeof process.availableMemory === "function") return process.availableMemory();
  return nodeModule("os")?.freemem() ?? Number.POSITIVE_INFINITY;
}

/** More threads than this are never used. */
const MOST_THREADS = 64;

/** How many threads to use where at most `asked` are wanted; without a wish, one per core. */
export function threadsFor(asked: number | undefined): number {
  return Math.min(asked ?? availableCores(), MOST_THREADS);
}

function availableCores(): number {
  const os = nodeModule("os");
  if (os !== null) return os.availableParallelism?.() ?? os.cpus().length;
  return typeof navigator === "undefined" ? 1 : (navigator.hardwareConcurrency ?? 1);
}

/** "1 thread", "2 threads". */
export function describeThreads(threads: number): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}`;
}
