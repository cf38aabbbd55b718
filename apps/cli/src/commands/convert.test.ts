import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { krait } from "../../test-support/krait-process.ts";
import { temporaryFolder } from "../../test-support/model-folders.ts";

const greedy = ["--temperature", "0", "--max-tokens", "60"];

test.concurrent("the embedded model is written quantized, and answers as it does when quantized on load", async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "tiny.gguf");
  const { exitCode, stdout, stderr } = await krait(["convert", target, "--quantize", "q8_0", "--verbose"]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /tiny\.gguf: 3\.\d MB written\.\n26 matrices quantized, 26 in q8_0: relative error 0\.\d+ % /,
  );
  expect(stderr.trim().split("\n")).toHaveLength(26);
  expect(stderr).toMatch(/^backbone\.embeddings\.weight: bf16 to q8_0, relative error 0\.\d+ %$/m);
  const [written, loaded] = await Promise.all([
    krait(["run", "What is 47 + 38?", "--model", target, ...greedy]),
    krait(["run", "What is 47 + 38?", "--quantize", "q8_0", ...greedy]),
  ]);
  expect(written).toEqual(loaded);
  expect(written.exitCode).toBe(0);
});

test.concurrent("a target that is there needs --force", async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "model");
  expect((await krait(["convert", target])).exitCode).toBe(0);
  const again = await krait(["convert", target]);
  expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("--force") });
  expect((await krait(["convert", target, "--force"])).exitCode).toBe(0);
  await writeFile(join(target, "diary.txt"), "mine");
  const foreign = await krait(["convert", target, "--force"]);
  expect(foreign).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("diary.txt") });
  expect(await readdir(folder.path)).toEqual(["model"]);
});

test.concurrent("what cannot be is refused", async () => {
  await using folder = await temporaryFolder();
  const target = join(folder.path, "m.gguf");
  const unknown = await krait(["convert", target, "--quantize", "q9"]);
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/q9.*q4_0/) });
  expect((await krait(["convert", "a", target, "--model", "b"])).exitCode).toBe(2);
  expect((await krait(["convert", target, "--quantize", "q4_0"])).exitCode).toBe(0);
  const twice = await krait(["convert", target, join(folder.path, "n.gguf"), "--quantize", "q8_0"]);
  expect(twice).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("quantized already, to q4_0") });
});
