import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { processTreeSeconds } from "./process-tree.ts";

test.skipIf(!existsSync("/proc/self/stat"))("the time of a tree holds that of the children", async () => {
  const busy = `${JSON.stringify(process.execPath)} --eval "for (;;);" & echo && wait`;
  const shell = spawn("sh", ["-c", busy], { detached: true, stdio: "ignore" });
  try {
    await expect.poll(() => processTreeSeconds(shell.pid!)).toBeGreaterThan(0.2);
  } finally {
    process.kill(-shell.pid!, "SIGKILL");
  }
});
