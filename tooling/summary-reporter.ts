import { readFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

const allowedSkips: Record<string, string> = JSON.parse(
  readFileSync(new URL("./allowed-skips.json", import.meta.url), "utf8"),
);

/**
 * Ends a run with one plain line that a person or a script can read, after the name and reason of
 * every skipped test. In CI a skip that `allowed-skips.json` does not list fails the run.
 */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        count[result.state]++;
        if (result.state !== "skipped") continue;
        const reason = result.note ?? allowedSkips[test.fullName];
        console.log(`skipped: ${test.fullName}: ${reason ?? "no reason given"}`);
        if (process.env.CI && !(test.fullName in allowedSkips)) {
          console.log("  not listed in tooling/allowed-skips.json, so this run fails");
          process.exitCode = 1;
        }
      }
      if (module.state() === "failed" && module.errors().length > 0) count.failed++;
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
