import { readFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** The full name of each test that CI may skip, with the reason. */
const allowedSkips: Record<string, string> = JSON.parse(
  readFileSync(new URL("./allowed-skips.json", import.meta.url), "utf8"),
);

/**
 * Ends a run with one plain line that a person or a script can read, after the name and reason of
 * every skipped test. In CI a skip that `allowed-skips.json` does not list fails the run.
 */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const { state } = test.result();
      count[state]++;
      if (state === "skipped") reportSkip(test);
    }
    // What fails outside any test counts too: a file that does not load, a hook, a stray rejection.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + unhandledErrors.length;
    const failed = count.failed + count.pending + broken;
    console.log(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped`);
  }
}

function reportSkip(test: TestCase): void {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  console.log(`skipped: ${test.fullName}: ${note ?? allowedSkips[test.fullName] ?? "no reason given"}`);
  if (!process.env.CI || test.fullName in allowedSkips) return;
  console.log("  This skip is not listed in tooling/allowed-skips.json, so the run fails.");
  process.exitCode = 1;
}
