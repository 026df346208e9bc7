import type { Reporter, TestModule } from "vitest/node";

/**
 * Prints `N passed, N failed, N skipped` on a line of its own, after everything else, for people
 * and programs that read only the end of a log. A file that cannot be loaded counts as one failure,
 * and so does an error outside of any test.
 */
export class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) counts[test.result().state]++;
      if (module.state() === "failed" && counts.failed === before) counts.failed++;
    }
    const { passed, failed, skipped, pending } = counts;
    // Pending: the run was cut off before they ran.
    console.log(`${passed} passed, ${failed} failed, ${skipped + pending} skipped`);
  }
}
