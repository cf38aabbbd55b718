import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { jsonLines, krait, kraitCommand, kraitEnvironment } from "../test-support/krait-process.ts";
import { checkpointFolder, temporaryFolder } from "../test-support/model-folders.ts";
import { createProgram } from "./program.ts";
import { errorCode, errorMessage, exitCodeOf } from "./report-error.ts";

async function failureOf(
  words: readonly string[],
): Promise<{ exitCode: number; code: string; message: string }> {
  try {
    await createProgram().parseAsync(words, { from: "user" });
  } catch (error) {
    return { exitCode: exitCodeOf(error), code: errorCode(error), message: errorMessage(error) };
  }
  throw new Error(`krait ${words.join(" ")} did not fail.`);
}

test.for<[words: string[], message: RegExp]>([
  [["run", "Hi", "--temperature", "warm"], /--temperature.*number/],
  [["run", "Hi", "--temperature", "-1"], /temperature.*0 \(greedy\) or more/],
  [["run", "Hi", "--top-p", "2"], /^--top-p: .*above 0, up to 1/],
  [["run", "Hi", "--seed", "0.5"], /--seed.*whole number/],
  [["run", "Hi", "--max-tokens", "0"], /--max-tokens.*1 or more/],
  [["run", " "], /What is the prompt/],
  [["run", "Hi", "--tokens", "1"], /not both/],
  [["run", "--tokens", ""], /at least one id/],
  [["run", "--tokens", "5,,6"], /--tokens.*whole number/],
  [["run", "--tokens", "1,x"], /--tokens.*whole number/],
  [["run", "--raw", "Hi", "--no-think"], /--think is for chat turns/],
  [["run", "--raw", "Hi", "--thinking-budget", "3"], /--thinking-budget is for chat turns/],
  [["run", "Hi", "--tools", "tools.json", "--demo-tools"], /not both/],
  [["run", "Hi", "--reasoning", "loud"], /show, hide, collapse/],
  [["rum"], /unknown command 'rum'.*Did you mean run\?/s],
  [["chat", "hello"], /too many arguments/],
  [["inspect", "a", "--model", "b"], /once/],
  [["tokens", "a", "--ids", "1"], /not both/],
  [["serve", "--port", "65536"], /--port.*from 0 to 65535/],
])("a wrong command line is refused before anything is loaded: %j", async ([words, message]) => {
  const failure = await failureOf([...words, "--backend", "none"]);
  expect(failure).toMatchObject({ exitCode: 2, code: "USAGE" });
  expect(failure.message).toMatch(message);
});

test("files that are missing or wrong fail by name", async () => {
  await using folder = await temporaryFolder();
  const broken = await folder.write("broken.json", "[{]");
  const nameless = await folder.write("nameless.json", '[{"type": "function", "function": {}}]');
  const letter = await folder.write("letter.txt", "Dear model, how are you?");
  const empty = await folder.write("empty.txt", "");
  await folder.write("config.json", "[]");
  const cases: [words: string[], code: string, message: RegExp][] = [
    [["run", "Hi", "--model", `${folder.path}/nowhere`], "WEIGHT_FILE_MISSING", /nowhere/],
    [["run", "Hi", "--model", folder.path], "WEIGHT_FILE_MISSING", /safetensors/],
    [["inspect", folder.path], "INPUT_INVALID", /config\.json/],
    [["run", "Hi", "--tools", broken], "INPUT_INVALID", /broken\.json: Not JSON.*position/],
    [["run", "Hi", "--tools", nameless], "INPUT_INVALID", /nameless\.json: tool 0 should have a "name"/],
    [["run", "Hi", "--tools", `${folder.path}/none.json`], "INPUT_MISSING", /none\.json/],
    [["run", "Hi", "--backend", "abacus"], "BACKEND_UNAVAILABLE", /abacus.*cpu/],
    [["run", "Hi", "--logits", `${folder.path}/no/folder`], "INPUT_FAILED", /no\/folder/],
    [["run", "Hi", "--context", "4"], "CONTEXT_EXCEEDED", /--context/],
    [["run", "Hi", "--logprobs", "50"], "REQUEST_INVALID", /^--logprobs: /],
    [["run", "Hi", "--logit-bias", "99999=1"], "REQUEST_INVALID", /^--logit-bias: /],
    [["run", "--tokens", "1,99999"], "REQUEST_INVALID", /^--tokens: /],
    [["tokens", "Hi", "--model", folder.path], "INPUT_MISSING", /tokenizer\.json/],
    [["render", broken], "INPUT_INVALID", /broken\.json: Not JSON/],
    [["render", empty], "INPUT_INVALID", /empty\.txt is empty, but should be messages: \[\{"role"/],
    [["render", nameless], "TEMPLATE_MESSAGE", /role/],
    [["inspect", broken], "WEIGHT_FILE_INVALID", /broken\.json/],
    [["inspect", letter], "WEIGHT_HEADER_INVALID", /letter\.txt is not a model: expected a folder, a \.gguf/],
    [["tokens", "Hi", "--model", empty], "WEIGHT_FILE_TRUNCATED", /empty\.txt is not a model/],
  ];
  for (const [words, code, message] of cases) {
    const failure = await failureOf(words);
    expect(failure).toMatchObject({ exitCode: 1, code });
    expect(failure.message).toMatch(message);
  }
});

test("weights without a tokenizer have no words for a chat turn, and say so", async () => {
  await using folder = await checkpointFolder();
  expect(await failureOf(["run", "Hi", "--model", folder.path])).toMatchObject({
    code: "MODEL_FILE_MISSING",
    message: expect.stringContaining("chat template"),
  });
});

test("an error is one line on standard error, as JSON with --json, with its stack with --verbose", async () => {
  const args = ["inspect", "/nowhere"];
  const [plain, json, verbose] = await Promise.all([
    krait(args),
    krait([...args, "--json"]),
    krait([...args, "--verbose"]),
  ]);
  expect(plain).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/^krait: .*\/nowhere.*\n$/),
  });
  expect(jsonLines(json.stderr)).toEqual([
    { error: { code: "WEIGHT_FILE_MISSING", message: expect.stringContaining("/nowhere") } },
  ]);
  expect(verbose.stderr).toMatch(/\n +at /);
});

test("a Node that is too old is told so before anything else", async () => {
  const environment = { NODE_OPTIONS: "--import=data:text/javascript,delete%20process.getBuiltinModule" };
  expect(await krait(["run", "Hi"], { environment })).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `krait: This is Node ${process.versions.node}, but krait needs Node 20.19 or newer.\n`,
  });
});

test.skipIf(!existsSync("/dev/full"))("a full disk is one line on standard error, and a failure", () => {
  const full = openSync("/dev/full", "w");
  const [node, ...args] = [...kraitCommand, "tokens", "Hello"];
  const { status, stderr } = spawnSync(node!, args, {
    env: kraitEnvironment,
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^krait: Standard output could not be written: ENOSPC.*\n$/);
});
