import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withEmulator } from "../../packages/backend-cuda/test-support/with-emulator.ts";

/** Without Node, of which there are about 32 MB: all that is carried has to stay below 64 MiB. */
const MOST_BYTES = 24 * 2 ** 20;

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
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs what was packed as it is run on another machine, with a driver's library. */
function runPacked(library: string, ...args: string[]) {
  return spawnSync("sh", ["packed/run.sh", "results", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env.PATH, KRAIT_CUDA_LIBRARY: library },
  });
}

test("what is packed is small enough to be carried", () => {
  const files = readdirSync(join(folder, "packed"), { recursive: true, encoding: "utf8" });
  const sizes = files.map((file) => statSync(join(folder, "packed", file)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
});

test("what is packed starts without this repository, and without a GPU says what is missing", () => {
  const { status, stdout } = runPacked("libcuda-of-nobody.so.1");
  expect(stdout).toBe(
    "CUDA cannot be used here: there is no NVIDIA driver (libcuda-of-nobody.so.1 does not load).\n",
  );
  expect(status).toBe(3);
});

await withEmulator("what is packed", ({ library }) => {
  test("checks a GPU and measures it, with all figures in a file", () => {
    const { status, stdout } = runPacked(library, "a norm and products");
    const [first, ...lines] = stdout.split("\n");
    expect(first).toBe("Emulated GPU, compute 8.0, 4 multiprocessors, 4.3 GB free");
    expect(lines).toEqual(expect.arrayContaining(["ℹ pass 7", "ℹ fail 0", "bench ended with 0"]));
    expect(status).toBe(0);
    const text = readFileSync(join(folder, "results/bench.jsonl"), "utf8");
    const names = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { name: string }).name);
    expect(names[0]).toBe("cuda.read");
    expect(names.at(-1)).toBe("cuda.toy.bf16.context100.memory");
  });
});
