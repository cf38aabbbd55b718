import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readLines } from "../../tokenizer/fixtures/nemotron.ts";
import { nemotron, nemotronTokenizer, source, specialTokens, textOf } from "../fixtures/nemotron-prompts.ts";
import { createChatTemplate } from "./chat-template.ts";
import { ChatTemplateError } from "./chat-template-error.ts";
import { parseExactJson } from "./exact-json.ts";
import type { Message, Tool } from "./messages.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[] | null;
}
interface GoldenTemplate extends Row {
  readonly mode: "template" | "transformers";
  readonly options: Readonly<Record<string, unknown>>;
  readonly expected: string;
  readonly ids: readonly number[];
}
interface Trap extends Row {
  readonly options: Readonly<Record<string, unknown>>;
  readonly python?: string;
  readonly python_error?: string;
}
interface GoldenSecurity extends Row {
  readonly options: Readonly<Record<string, unknown>>;
  readonly expected_text: string;
  readonly expected_ids: readonly number[];
}
interface PythonRow extends Partial<Row> {
  readonly template?: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly python?: string;
  readonly python_error?: string;
}

const rows = <T>(name: string) => readLines(name).map((line) => parseExactJson(line) as T);
const tokenizer = nemotronTokenizer();

describe.each(["faithful", "robust"] as const)("%s mode", (mode) => {
  test.each(rows<GoldenTemplate>("golden_templates.jsonl"))("renders the golden prompt $id: $name", (row) => {
    const { messages, tools, options, expected, ids } = row;
    // transformers keeps continue_final_message to itself: it renders without and cuts after the last message.
    const { continue_final_message, ...others } = options;
    const isCut = row.mode === "transformers";
    const prompt = nemotron.render(messages, { tools, mode, variables: isCut ? others : options });
    const end = isCut ? prompt.text.lastIndexOf("\n<SPECIAL_12>") : prompt.text.length;
    expect(prompt.text.slice(0, end)).toBe(expected);
    expect(textOf(prompt.pieces)).toBe(prompt.text);
    if (!isCut) expect(tokenizer.encode(prompt.pieces)).toEqual(ids);
  });
});

test.each(rows<Trap>("template_traps.jsonl"))(
  "does what Python does: $name",
  ({ messages, tools, options, ...row }) => {
    const render = () => nemotron.render(messages, { tools, variables: options, mode: "faithful" }).text;
    if (row.python_error === undefined) expect(render()).toBe(row.python);
    else expect(render).toThrow(expect.objectContaining({ code: "TEMPLATE_FAILED" }));
  },
);

test.each(rows<GoldenSecurity>("golden_security.jsonl"))(
  "keeps Python's text and makes no special token of content: $name",
  ({ messages, tools, options, expected_text, expected_ids }) => {
    const prompt = nemotron.render(messages, { tools, variables: options, mode: "faithful" });
    expect(prompt.text).toBe(expected_text);
    expect(tokenizer.encode(prompt.pieces)).toEqual(expected_ids);
  },
);

describe("against Python's Jinja", () => {
  const packed = readFileSync(new URL("../fixtures/python-jinja.jsonl.br", import.meta.url));
  const lines = brotliDecompressSync(packed).toString().trim().split("\n");
  const parsed = lines.map((line) => parseExactJson(line) as PythonRow);

  test("every random conversation renders the same, or fails where Python fails", () => {
    const conversations = parsed.filter((row) => row.template === undefined);
    expect(conversations).toHaveLength(400);
    for (const { messages, tools, variables, python } of conversations) {
      let text: string | undefined;
      try {
        const prompt = nemotron.render(messages!, { tools, variables, mode: "faithful" });
        text = prompt.text;
        expect(textOf(prompt.pieces)).toBe(text);
      } catch (error) {
        if (!(error instanceof ChatTemplateError) || error.code !== "TEMPLATE_FAILED") throw error;
      }
      expect(text, JSON.stringify(messages)).toBe(python);
    }
  });

  test.each(
    parsed.flatMap((row) => (row.template === undefined ? [] : [{ ...row, template: row.template }])),
  )("$template", ({ template, variables, python }) => {
    const render = () => createChatTemplate(template).render([], { variables, mode: "faithful" }).text;
    if (python === undefined) expect(render).toThrow(expect.objectContaining({ code: "TEMPLATE_FAILED" }));
    else expect(render()).toBe(python);
  });
});

test("white space between the template's tags does not reach the prompt, however the file is laid out", () => {
  const messages: Message[] = [
    { role: "system", content: "Be kind. /no_think" },
    { role: "user", content: "Hi" },
  ];
  const expected = nemotron.render(messages, { mode: "faithful" });
  for (const layout of [
    source.replaceAll("\n", "\r\n"),
    source.replaceAll("\n{%", "\n\n   {%"),
    source.replaceAll("%}\n", "%}"),
  ])
    expect(createChatTemplate(layout, { specialTokens }).render(messages, { mode: "faithful" })).toEqual(
      expected,
    );
});

test.each([
  ["'a/x b/x'.replace('/x', '$&')", "a$& b$&"],
  ["'ab'.replace('', '-')", "-a-b-"],
  ["'aaa'.replace('a', 'b', 2)", "bba"],
  ["'aaa'.replace('a', 'b', count=1)", "baa"],
  ["'a😀b'.replace('😀', '')", "ab"],
  ["{'replace': 'mine'}.replace", "mine"],
  ["{'a': {'b': 1}}['a']['b']", "1"],
  ["{'a': 1}['b'] is defined", "False"],
])("%s gives what it gives in Python", (expression, expected) => {
  const template = createChatTemplate(`{{ ${expression} }}`);
  expect(template.render([{ role: "user", content: "Hi" }], { mode: "faithful" }).text).toBe(expected);
});
