import { readFile } from "node:fs/promises";
import { openFixture } from "@krait/testing";
import { modelUrl } from "@krait/tiny-model";
import { openWeights } from "@krait/weights";
import { expect, test } from "vitest";
import { jsonLines, krait } from "../../test-support/krait-process.ts";
import { checkpointFolder, temporaryFolder } from "../../test-support/model-folders.ts";

test.concurrent("ids go on as the oracle does, with the logits of every step, from config and weights alone", async () => {
  await using folder = await checkpointFolder();
  const { golden, tolerance } = await openFixture("tiny-a");
  const prompt = golden.integers("p64.ids").join(",");
  const greedy = golden.integers("p64.greedy");
  const file = `${folder.path}/logits.safetensors`;
  const { exitCode, stdout } = await krait([
    ...["run", "--model", folder.path, "--tokens", prompt, "--max-tokens", "32", "--ignore-eos"],
    ...["--logits", file, "--json", "--backend", "cpu"],
  ]);
  expect(exitCode).toBe(0);
  const tokens = jsonLines(stdout).flatMap(({ token }) => (typeof token === "number" ? [token] : []));
  expect(tokens).toEqual(greedy);

  await using kept = await openWeights(file);
  const bytes = async (name: string) => (await kept.bytes(name)).buffer;
  expect([...new Int32Array(await bytes("tokens"))]).toEqual(greedy);
  const { shape, values } = golden.floats("p64.greedy_logits");
  expect(kept.tensors.get("logits")).toMatchObject({ dtype: "F32", shape });
  const logits = new Float32Array(await bytes("logits"));
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(logits[i]! - value)), 0);
  expect(worst / rms).toBeLessThan(tolerance);
});

test.concurrent("without --json the ids come as one line that --tokens takes", async () => {
  await using folder = await checkpointFolder();
  const run = (prompt: string, count: string) =>
    krait(["run", "--model", folder.path, "--tokens", prompt, "--max-tokens", count, "--ignore-eos"]);
  const { stdout: four } = await run("5,17,42", "4");
  expect(four).toMatch(/^\d+(,\d+){3}\n$/);
  const [first, second] = four.split(",");
  const { stdout: rest } = await run(`5,17,42,${first},${second}`, "2");
  expect(four).toBe(`${first},${second},${rest}`);
});

test.concurrent("in a pipe standard output gets the answer alone, and nothing else is said", async () => {
  const { exitCode, stdout, stderr } = await krait(["run"], { input: "Hello!" });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^\S.*\n$/s);
  expect(stdout).not.toMatch(/think|\u001b/);
  const empty = await krait(["run"], { input: "\n" });
  expect(empty).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "krait: There is no prompt on standard input.\n",
  });
});

test.concurrent("the same seed draws the same answer, as events whose texts add up to the result", async () => {
  const drawn = () =>
    krait([
      "run",
      "Tell me something.",
      ...["--temperature", "1.5", "--seed", "7", "--max-tokens", "24", "--json"],
    ]);
  const [first, second] = await Promise.all([drawn(), drawn()]);
  const lines = jsonLines(first.stdout);
  const tokens = lines.filter(({ type }) => type === "token").map(({ token }) => token);
  expect(tokens).toEqual(
    jsonLines(second.stdout)
      .filter(({ type }) => type === "token")
      .map(({ token }) => token),
  );
  expect(tokens.length).toBeLessThanOrEqual(24);
  const text = (type: string) =>
    lines
      .filter((line) => line.type === type)
      .map((line) => line.text)
      .join("");
  expect(lines.at(-1)).toMatchObject({
    type: "result",
    text: text("text-delta"),
    reasoning: text("reasoning-delta"),
    usage: { completionTokens: tokens.length },
  });
});

test.concurrent("a thinking budget ends the reasoning of one answer, and 0 means none", async () => {
  const reasoning = async (...flags: string[]) => {
    const { stdout } = await krait(["run", "What is 12 + 30?", "--json", "--max-tokens", "80", ...flags]);
    return jsonLines(stdout).at(-1) as unknown as {
      reasoningEnd?: string;
      usage: { reasoningTokens: number };
    };
  };
  const [cut, none] = await Promise.all([
    reasoning("--think", "--thinking-budget", "2", "--thinking-grace", "1"),
    reasoning("--thinking-budget", "0"),
  ]);
  expect(cut.reasoningEnd).toMatch(/newline|hard/);
  expect(cut.usage.reasoningTokens).toBeGreaterThan(0);
  expect(none.usage.reasoningTokens).toBe(0);
});

test.concurrent("SIGINT stops the answer: what came is kept, and the exit code says so", async () => {
  let isStopped = false;
  const args = ["run", "Hi", "--no-think", "--ignore-eos", "--max-tokens", "4000"];
  const { exitCode, stdout, stderr } = await krait(args, {
    onOutput(text, process) {
      if (text.length > 20 && !isStopped) isStopped = process.kill("SIGINT");
    },
  });
  expect(exitCode).toBe(130);
  expect(stdout.length).toBeGreaterThan(20);
  expect(stderr).toBe("krait: Interrupted.\n");
});

test.concurrent("a reader that has seen enough is no failure", async () => {
  const { exitCode, stderr } = await krait(["tokens", "--pieces", "a ".repeat(20_000)], {
    onOutput: (_, process) => process.stdout.destroy(),
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});

test.concurrent("the sampling of generation_config.json holds where no flag says otherwise", async () => {
  await using folder = await temporaryFolder();
  const files = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  for (const file of files) await folder.write(file, await readFile(new URL(file, modelUrl)));
  const ids = async (...flags: string[]) => {
    const args = [
      "run",
      "Tell me something.",
      "--json",
      "--seed",
      "3",
      "--max-tokens",
      "16",
      "--model",
      folder.path,
    ];
    const { stdout } = await krait([...args, "--no-think", ...flags]);
    return jsonLines(stdout)
      .filter(({ type }) => type === "token")
      .map(({ token }) => token);
  };
  // Without reasoning the preset is greedy, so whatever the file says shows.
  const preset = await ids();
  await folder.write("generation_config.json", '{"do_sample": true, "temperature": 30, "eos_token_id": 12}');
  const [file, flag] = await Promise.all([ids(), ids("--temperature", "0")]);
  expect(file).not.toEqual(preset);
  expect(flag).toEqual(preset);
});
