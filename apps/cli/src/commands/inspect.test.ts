import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { jsonLines, krait } from "../../test-support/krait-process.ts";
import { checkpointFolder, temporaryFolder } from "../../test-support/model-folders.ts";

const config = fileURLToPath(
  new URL("../../../../packages/testing/fixtures/configs/NVIDIA-Nemotron-Nano-9B-v2.json", import.meta.url),
);

test.concurrent("the 9B's numbers come from its config alone, and are those that the README shows", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const shown = /^\$ krait inspect \S+(.+)\n([\s\S]+?)…$/m.exec(readme)!;
  const { exitCode, stdout } = await krait(["inspect", config, ...shown[1]!.trim().split(" ")]);
  expect(exitCode).toBe(0);
  expect(stdout.replace(config, basename(config))).toContain(shown[2]);
  expect(stdout).toMatch(/parameters +8,888,227,328/);
  expect(stdout).toMatch(/Program forward, \d+ ops/);
});

test.concurrent("a checkpoint is checked against its config, and every op can be printed", async () => {
  await using folder = await checkpointFolder();
  const { stdout } = await krait(["inspect", folder.path, "--program"]);
  expect(stdout).toContain("as the checkpoint says");
  expect(stdout).toMatch(/\d+ {2}layers\.5\.ssmScan f32\[rows, 128\] = ssmScan\(/);
  await folder.write("config.json", '{"model_type": "llama"}');
  const { exitCode, stderr } = await krait(["inspect", folder.path]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^krait: .*llama.*nemotron_h.*\n$/);
});

test.concurrent("a folder need hold no weights, but a missing shard is an error", async () => {
  await using folder = await checkpointFolder();
  await using bare = await temporaryFolder();
  await bare.write("config.json", JSON.stringify({ model_type: "nemotron_h" }));
  const { stderr: incomplete } = await krait(["inspect", bare.path]);
  expect(incomplete).toMatch(/^krait: config\.json: .*hybrid_override_pattern/);
  await folder.write("model.safetensors.index.json", '{"weight_map": {"a": "gone.safetensors"}}');
  const { exitCode, stderr } = await krait(["inspect", folder.path]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("gone.safetensors");
});

test.concurrent("as JSON for scripts: the same numbers as fields", async () => {
  const { stdout } = await krait([
    "inspect",
    "--model",
    config,
    "--json",
    "--sequences",
    "1",
    "--context",
    "4096",
  ]);
  expect(jsonLines(stdout)).toMatchObject([
    {
      parameters: 8_888_227_328,
      stored: { bytes: 17_776_454_656, formats: ["bf16"] },
      stateBytesPerSequence: 145_539_072,
      kvBytesPerToken: { f16: 16_384, f32: 32_768 },
      plan: { sequences: 1, context: 4096 },
    },
  ]);
});
