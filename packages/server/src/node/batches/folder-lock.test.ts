import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBatches } from "./open-batches.ts";

test("a folder is one server's at a time; one that has died leaves it to the next", async () => {
  const folder = await mkdtemp(join(tmpdir(), "krait-lock-"));
  try {
    const first = await openBatches({ folder });
    await expect(openBatches({ folder })).rejects.toMatchObject({ code: "BATCHES_IN_USE", pid: process.pid });
    await first[Symbol.asyncDispose]();
    await writeFile(join(folder, "lock"), String(spawnSync(process.execPath, ["--version"]).pid));
    await (await openBatches({ folder }))[Symbol.asyncDispose]();
  } finally {
    await rm(folder, { recursive: true });
  }
});
