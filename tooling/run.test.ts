import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("run.mjs", import.meta.url));

function start(...words: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [script, ...words]);
}

/** The exit code and everything printed. */
async function end(child: ChildProcessWithoutNullStreams): Promise<{ code: number; text: string }> {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece) => {
      text += piece;
    });
  }
  const [code] = await once(child, "close");
  return { code, text };
}

describe.concurrent("tooling/run.mjs", () => {
  test("gives the program its words, its input, and the last word on the exit code", async () => {
    const program =
      "process.stdin.on('data', (it) => { console.log(it + process.argv[1]); process.exitCode = 7; })";
    const child = start("--quiet", "--", "node", "--eval", program, "two words");
    child.stdin.end("typed, ");
    const { code, text } = await end(child);
    expect(code).toBe(7);
    expect(text).toContain("typed, two words\n");
  });

  test("stops at a step that fails, and shows what a quiet one printed", async () => {
    const child = start(
      "--quiet",
      "node --print 6*7",
      "node --print missing",
      "--",
      "node",
      "--print",
      "'reached'",
    );
    const { code, text } = await end(child);
    expect(code).toBe(1);
    expect(text).toContain("ReferenceError: missing is not defined");
    expect(text).not.toMatch(/^42$|reached/m);
  });

  test.skipIf(process.platform === "win32")(
    "passes a signal on to the program and waits for it",
    async () => {
      const program =
        "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 9); console.log('ready')";
      const child = start("--quiet", "--", "node", "--eval", program);
      await once(child.stdout, "data");
      child.kill("SIGTERM");
      expect((await end(child)).code).toBe(3);
    },
  );
});
