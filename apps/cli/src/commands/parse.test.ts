import { expect, test } from "vitest";
import { jsonLines, krait } from "../../test-support/krait-process.ts";

test.concurrent("a text becomes events, and the whole that they add up to", async () => {
  const text = 'Two cities.\n</think>\n\n<TOOLCALL>[{"name": "f", "arguments": {"a": 1}}]</TOOLCALL> done';
  const { exitCode, stdout } = await krait(["parse"], { input: text });
  expect(exitCode).toBe(0);
  const lines = jsonLines(stdout);
  const types = lines.map(({ type }) => type);
  expect(types).toContain("reasoning-delta");
  expect(types).toContain("tool-call-start");
  expect(lines.at(-1)).toEqual({
    type: "result",
    reasoning: "Two cities.",
    text: expect.stringContaining("done"),
    toolCalls: [{ name: "f", arguments: '{"a": 1}' }],
    warnings: [],
  });
});

test.concurrent("rows say the reasoning state and whose rules hold; the flags say it for the others", async () => {
  const rows = [
    { text: "a\n</think>\n\nb", reasoning: "on" },
    { text: "b", reasoning: "off" },
    { text: "c" },
    { text: '<TOOLCALL>[{"name": "f", "arguments": {}}', reasoning: "off", compat: "robust" },
    { text: '<TOOLCALL>[{"name": "f", "arguments": {}}', reasoning: "off", compat: "nvidia" },
    { text: "d", reasoning: "maybe" },
    { reasoning: "on" },
  ];
  const { exitCode, stdout } = await krait(["parse", "--jsonl", "--reasoning", "off"], {
    input: rows.map((row) => JSON.stringify(row)).join("\n"),
  });
  expect(exitCode).toBe(1);
  const none = { reasoning: "", text: "", toolCalls: [], warnings: [] };
  expect(jsonLines(stdout)).toEqual([
    { ...none, reasoning: "a", text: "b" },
    { ...none, text: "b" },
    { ...none, text: "c" },
    {
      ...none,
      toolCalls: [{ name: "f", arguments: "{}" }],
      warnings: [expect.objectContaining({ code: "TOOL_CALL_END_MISSING" })],
    },
    { ...none, text: rows[4]?.text },
    { error: { code: "TOOL_PARSER_OPTION", message: expect.stringContaining("maybe") } },
    { error: { code: "INPUT_INVALID", message: expect.any(String) } },
  ]);
});
