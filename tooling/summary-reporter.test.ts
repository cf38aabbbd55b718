import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const reporter = new URL("summary-reporter.ts", import.meta.url).href;

/** What a process prints in which a run of tests ends, and then something else does. */
function linesOf(end: string): string[] {
  const program = `
    import { SummaryReporter } from ${JSON.stringify(reporter)};
    const reporter = new SummaryReporter();
    reporter.onInit();
    const test = (state) => ({ fullName: "a test", result: () => ({ state, note: "a reason" }) });
    const children = { allTests: () => ["passed", "failed", "skipped"].map(test), allSuites: () => [] };
    reporter.onTestRunEnd([{ children, errors: () => [] }], [new Error("stray")]);
    console.error("a worker took long to end");
    ${end}`;
  const { stdout, stderr } = spawnSync(
    "sh",
    ["-c", 'exec "$0" --input-type=module --eval "$1" 2>&1', process.execPath, program],
    {
      encoding: "utf8",
      env: { ...process.env, CI: "" },
    },
  );
  return `${stdout}${stderr}`.trimEnd().split("\n");
}

test.skipIf(process.platform === "win32").each([
  ["by itself", ""],
  ["when it is told to", "setInterval(() => {}, 1000); process.exit();"],
])("the summary is the last line of a process that ends %s", (_, end) => {
  expect(linesOf(end).slice(-3)).toEqual([
    "skipped: a test: a reason",
    "a worker took long to end",
    "1 passed, 2 failed, 1 skipped",
  ]);
});
