import { readFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** The full name of each test that CI may skip, with the reason. */
const allowedSkips: Record<string, string> = JSON.parse(
  readFileSync(new URL("./allowed-skips.json", import.meta.url), "utf8"),
);

/**
 * Tells the name and reason of every skipped test, and ends the process with one plain line that a person or
 * a script can read. In CI a skip that `allowed-skips.json` does not list fails the run.
 */
export class SummaryReporter implements Reporter {
  #summary: string | undefined;

  /** What ends after the tests may still complain, such as a worker that takes long to end. The line comes last. */
  onInit(): void {
    process.once("exit", () => {
      if (this.#summary !== undefined) console.log(this.#summary);
    });
  }

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
    this.#summary = `${count.passed} passed, ${failed} failed, ${count.skipped} skipped`;
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
