import { expect, test } from "vitest";
import { readLines } from "../../../../packages/tokenizer/fixtures/nemotron.ts";
import { jsonLines, krait } from "../../test-support/krait-process.ts";
import { temporaryFolder, tokenizerFolder } from "../../test-support/model-folders.ts";

async function renderRows(lines: readonly string[], ...flags: string[]) {
  const { stdout, ...rest } = await krait(["render", "--jsonl", ...flags], {
    input: lines.join("\n"),
  });
  return { ...rest, answers: jsonLines(stdout) };
}

test.concurrent("faithfully, rows become the prompts and ids of the original, or fail where it fails", async () => {
  await using folder = await tokenizerFolder();
  const files = ["golden_templates.jsonl", "golden_security.jsonl", "template_traps.jsonl"];
  // The goldens have modes of their own, before which the flag counts.
  const lines = files.flatMap(readLines);
  const { exitCode, answers } = await renderRows(lines, "--mode", "faithful", "--model", folder.path);
  expect(exitCode).toBe(1);
  expect(answers).toMatchObject(
    jsonLines(lines.join("\n")).map((row) => {
      if ("python_error" in row) return { error: { code: expect.any(String), message: expect.any(String) } };
      if ("python" in row) return { prompt: row.python };
      return { prompt: row.expected ?? row.expected_text, ids: row.ids ?? row.expected_ids };
    }),
  );
});

test.concurrent("a row says its mode, its options and so its reasoning; a flag counts before the row", async () => {
  const row = (content: string, more: object) =>
    JSON.stringify({ messages: [{ role: "user", content }], ...more });
  const lines = [
    row("see src/think.ts", {}),
    row("see src/think.ts", { mode: "faithful" }),
    row("hi /no_think", { options: { add_generation_prompt: false } }),
    row("hi /no_think", {}),
  ];
  const { answers } = await renderRows(lines);
  expect(answers.map(({ prompt }) => String(prompt).match(/User\n(.*)/)?.[1])).toEqual([
    "see src/think.ts",
    "see src.ts",
    "hi",
    "hi",
  ]);
  expect(answers.map(({ reasoning }) => reasoning)).toEqual(["on", "on", "off", "off"]);
  expect(answers[2]?.prompt).not.toContain("Assistant");
  const { answers: flagged } = await renderRows(lines.slice(0, 2), "--mode", "robust", "--no-think");
  expect(flagged.map(({ prompt }) => String(prompt).includes("src/think.ts"))).toEqual([true, true]);
  expect(flagged.map(({ reasoning }) => reasoning)).toEqual(["off", "off"]);
});

test.concurrent("options that are no variables fail by the row's number; null leaves them out", async () => {
  const lines = ["null", "5", "1.0", "[]", '"a"'].map(
    (options) => `{"messages":[{"role":"user","content":"hi"}],"options":${options}}`,
  );
  const { exitCode, answers } = await renderRows(lines);
  expect(exitCode).toBe(1);
  expect(answers).toMatchObject([
    { prompt: expect.any(String) },
    ...[2, 3, 4, 5].map((line) => ({
      error: { code: "INPUT_INVALID", message: expect.stringMatching(`line ${line}: "options"`) },
    })),
  ]);
});

test.concurrent("messages from a file become the prompt, its ids and its reasoning state", async () => {
  await using folder = await temporaryFolder();
  const messages = await folder.write("messages.json", '[{"role":"user","content":"What is 2 + 2?"}]');
  const { exitCode, stdout } = await krait(["render", messages, "--json"]);
  expect(exitCode).toBe(0);
  const prompt = jsonLines(stdout)[0] as { prompt: string; ids: number[] };
  expect(prompt).toMatchObject({ prompt: expect.stringContaining("What is 2 + 2?"), reasoning: "on" });
  const { stdout: text } = await krait(["render", messages]);
  expect(text).toBe(`${prompt.prompt}\n\nids: ${prompt.ids.join(",")}\nreasoning: on\n`);
});
