import { expect, test } from "vitest";
import { progressBar } from "./progress-bar.ts";
import { createStatusLine } from "./status-line.ts";

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 10, write: (text: string) => written.push(text) };
}

test("a status is written over the one before, never wraps, and is wiped without a trace", () => {
  const screen = terminal(true);
  let now = 0;
  const status = createStatusLine(screen, () => now);
  status.clear();
  status.update("loading");
  status.update("too soon to be seen");
  now += 1000;
  status.update("a long status");
  status.clear();
  status.clear();
  expect(screen.written).toEqual(["\r\u001b[2Kloading", "\r\u001b[2Ka long st", "\r\u001b[2K"]);
});

test("where there is no terminal there is no status", () => {
  const file = terminal(false);
  const status = createStatusLine(file);
  status.update("loading");
  status.clear();
  expect(file.written).toEqual([]);
});

test("a progress bar fills up, and never beyond its end", () => {
  expect(progressBar(0, 2e9)).toBe(`${"░".repeat(30)}   0 %  0 bytes of 2.00 GB`);
  expect(progressBar(1e9, 2e9)).toBe(`${"█".repeat(15)}${"░".repeat(15)}  50 %  1.00 GB of 2.00 GB`);
  expect(progressBar(3e9, 2e9)).toContain(`${"█".repeat(30)} 100 %`);
});
