import { afterAll, beforeAll, expect, test } from "vitest";
import { readLines } from "../../../../packages/tokenizer/fixtures/nemotron.ts";
import { jsonLines, krait } from "../../test-support/krait-process.ts";
import { type TemporaryFolder, tokenizerFolder } from "../../test-support/model-folders.ts";

interface GoldenRow {
  readonly text: string;
  readonly ids: number[];
  readonly ids_plain?: number[];
  readonly decoded?: string;
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await tokenizerFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const lines = readLines("golden_tokens.jsonl");
const rows = lines.map((line) => JSON.parse(line) as GoldenRow);

test.concurrent("golden rows become the ids of the original tokenizer, special tokens parsed", async () => {
  const { exitCode, stdout } = await krait(
    ["tokens", "--jsonl", "--special", "parse", "--model", folder.path],
    { input: lines.join("\n") },
  );
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout)).toEqual(rows.map(({ ids }) => ({ ids })));
});

test.concurrent("text stays text unless it is asked to be parsed, and ids become their text again", async () => {
  const back = rows.map(({ ids }) => JSON.stringify({ ids }));
  const { stdout } = await krait(["tokens", "--jsonl", "--model", folder.path], {
    input: [...lines, ...back].join("\n"),
  });
  expect(jsonLines(stdout)).toEqual([
    ...rows.map(({ ids, ids_plain = ids }) => ({ ids: ids_plain })),
    ...rows.map(({ text, decoded = text }) => ({ text: decoded })),
  ]);
});

test.concurrent("a text and its ids are turned into each other with the embedded model's tokenizer", async () => {
  const { stdout: ids } = await krait(["tokens", "Hello, world"]);
  expect(ids).toMatch(/^\d+(,\d+)*\n$/);
  const { stdout: text } = await krait(["tokens", "--ids", ids.trim()]);
  expect(text).toBe("Hello, world\n");
  const { stdout: pieces } = await krait(["tokens", "--pieces"], { input: "Hello, world" });
  const pieceLines = pieces.trimEnd().split("\n");
  expect(pieceLines.map((line) => Number.parseInt(line, 10)).join()).toBe(ids.trim());
  expect(pieceLines.map((line) => JSON.parse(line.slice(8))).join("")).toBe("Hello, world");
});

test.concurrent("what is not UTF-8 is no text", async () => {
  const { exitCode, stdout, stderr } = await krait(["tokens"], { input: Buffer.of(0x61, 0xff) });
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "krait: standard input is not UTF-8 text.\n",
  });
});

test.concurrent("a row that fails is answered with its error, the others go on, and the exit code tells", async () => {
  const { exitCode, stdout } = await krait(["tokens", "--jsonl"], {
    input: Buffer.concat([
      Buffer.from('{"text":"a"}\nnot json\n\n[1]\r\n{"ids":[1e9]}\n{"neither":1}\n{"text":"'),
      Buffer.of(0xff),
      Buffer.from('"}\n{"text":"b\u2028c"}\n'),
    ]),
  });
  expect(exitCode).toBe(1);
  expect(jsonLines(stdout)).toEqual([
    { ids: [expect.any(Number)] },
    { error: { code: "INPUT_INVALID", message: expect.stringContaining("line 2: ") } },
    { error: { code: "INPUT_INVALID", message: expect.stringContaining("line 3: An empty line") } },
    { error: { code: "INPUT_INVALID", message: expect.stringContaining("line 4: ") } },
    { error: { code: "TOKENIZER_ID", message: expect.stringContaining("line 5: ") } },
    { error: { code: "INPUT_INVALID", message: expect.stringContaining("line 6: ") } },
    { error: { code: "INPUT_INVALID", message: expect.stringMatching("line 7: .*UTF-8") } },
    { ids: expect.any(Array) },
  ]);
});
