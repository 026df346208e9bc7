/** What the worker that tests is told. */
export interface Task {
  /** Whether to run what only full runs do. */
  readonly full: boolean;
  /** Files that tests read, by their paths in the page's address. */
  readonly files: Readonly<Record<string, string>>;
}

/** What came of a test. */
export interface TestReport {
  /** Of the repository. */
  readonly file: string;
  readonly name: string;
  /** What is wrong, if anything is. */
  readonly complaint: string | null;
  /** Ops that it asked the GPU for. */
  readonly calls: number;
}

/** What the worker that has the GPU says of it. */
export interface GpuReport {
  readonly description: string;
  readonly dispatches: number;
}
