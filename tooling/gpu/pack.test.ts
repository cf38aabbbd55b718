import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "krait-gpu-pack-"));
  const pack = fileURLToPath(new URL("pack.ts", import.meta.url));
  execFileSync(process.execPath, [
    "--conditions=@krait/source",
    pack,
    join(folder, "packed"),
    "--without-node",
  ]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what is packed starts without this repository, and without a GPU says what is missing", () => {
  const { status, stdout } = spawnSync("sh", ["packed/run.sh", "results"], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env.PATH, KRAIT_CUDA_LIBRARY: "libcuda-of-nobody.so.1" },
  });
  expect(stdout).toBe(
    "CUDA cannot be used here: there is no NVIDIA driver (libcuda-of-nobody.so.1 does not load).\n",
  );
  expect(status).toBe(3);
});
