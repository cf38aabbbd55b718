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
    await writeFile(join(folder, "lock"), String(process.ppid));
    await expect(openBatches({ folder })).rejects.toMatchObject({ pid: process.ppid });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a process that has the number of one before it is not taken for it", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "krait-lock-"));
  try {
    // Its own number, as in a container that was killed and starts again.
    await writeFile(join(folder, "lock"), `${process.pid} 1`);
    await (await openBatches({ folder }))[Symbol.asyncDispose]();
    if (process.platform !== "linux") context.skip("only Linux tells when a process started");
    await writeFile(join(folder, "lock"), `${process.ppid} 1`);
    await (await openBatches({ folder }))[Symbol.asyncDispose]();
  } finally {
    await rm(folder, { recursive: true });
  }
});
