import { expect, test } from "vitest";
import { jsonLines, krait } from "../../test-support/krait-process.ts";

test.concurrent("in a pipe each line is a turn; standard output gets the answers and notices go beside it", async () => {
  const { exitCode, stdout, stderr } = await krait(
    ["chat", "--no-demo-tools", "--no-think", "--max-tokens", "200"],
    {
      input: "Hello!\n\n/think\n/nonsense\nWhat can you do?\r\n/exit\nThis is never read.",
    },
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\S.*\n\S.*\n$/s);
  expect(stdout).not.toContain("think");
  expect(stderr).toBe("Reasoning is on.\nThere is no command /nonsense. /help lists them.\n");
});

test.concurrent("turns see those before them until /reset", async () => {
  const { stdout } = await krait(["chat", "--no-demo-tools", "--json", "--no-think", "--max-tokens", "30"], {
    input: "Hello!\nHello!\n/reset\nHello!",
  });
  const prompts = jsonLines(stdout).flatMap((line) =>
    line.type === "result" ? [(line.usage as { promptTokens: number }).promptTokens] : [],
  );
  expect(prompts).toHaveLength(3);
  expect(prompts[1]).toBeGreaterThan(prompts[0]!);
  expect(prompts[2]).toBe(prompts[0]);
});

test.concurrent("a turn that fails is reported, the others are answered, and the exit code tells", async () => {
  const { exitCode, stdout, stderr } = await krait(
    ["chat", "--no-demo-tools", "--no-think", "--context", "64", "--max-tokens", "8"],
    {
      input: Buffer.concat([
        Buffer.from(`Hello!\n${"long ".repeat(100)}\n`),
        Buffer.of(0xff),
        Buffer.from("\nHello!"),
      ]),
    },
  );
  expect(exitCode).toBe(1);
  expect(stdout.trim().split("\n")).toHaveLength(2);
  expect(stderr).toMatch(/^krait: The prompt has \d+ tokens, but the context holds 64.*--context.*\/reset/m);
  expect(stderr).toContain("krait: This line of standard input is not UTF-8 text.\n");
});
