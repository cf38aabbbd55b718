import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conversations, plainText, trickyText } from "../fixtures/conversations.ts";
import { nemotron, nemotronTokenizer, pieces, source, textOf } from "../fixtures/nemotron-prompts.ts";
import { createChatTemplate, type RenderedPrompt } from "./chat-template.ts";
import type { Message } from "./messages.ts";
import type { PromptPiece } from "./prompt-pieces.ts";

const trickyName = trickyText.map((text) => `f${text}`);
const modes = fc.constantFrom("robust" as const, "faithful" as const);
const specials = (prompt: RenderedPrompt) =>
  prompt.pieces.flatMap((piece) => ("special" in piece ? [piece.special] : []));

/** The special tokens that this template writes for a conversation, by its roles alone. */
function specialsOfRoles(messages: readonly Message[]): string[] {
  const expected = ["<SPECIAL_10>"];
  for (const [i, { role }] of messages.entries()) {
    if (role === "user" || role === "assistant" || (role === "tool" && messages[i - 1]?.role !== "tool"))
      expected.push("<SPECIAL_11>");
    if (role === "assistant") expected.push("<SPECIAL_12>");
  }
  return [...expected, "<SPECIAL_11>"];
}

describe("whatever the messages and tools say", () => {
  const tools = fc.array(
    fc.record({
      name: trickyName,
      description: trickyText,
      parameters: fc.dictionary(trickyText, trickyText),
    }),
    { maxLength: 1 },
  );

  test("the special pieces are those that the template writes", () => {
    fc.assert(
      fc.property(conversations(trickyText, trickyName), tools, modes, (messages, tools, mode) => {
        expect(specials(nemotron.render(messages, { tools, mode }))).toEqual(specialsOfRoles(messages));
      }),
      { numRuns: 500 },
    );
  });

  test("the pieces joined are the text", () => {
    fc.assert(
      fc.property(conversations(trickyText, trickyName), modes, (messages, mode) => {
        const prompt = nemotron.render(messages, { mode });
        expect(textOf(prompt.pieces)).toBe(prompt.text);
      }),
    );
  });

  test("no id below 1000 comes from content", () => {
    const tokenizer = nemotronTokenizer();
    fc.assert(
      fc.property(trickyText, modes, (content, mode) => {
        const ids = tokenizer.encode(nemotron.render([{ role: "user", content }], { mode }).pieces);
        expect(ids.filter((id) => id < 1000)).toEqual([10, 11, 11]);
      }),
    );
  });
});

test("a caller's own variables may hold special tokens", () => {
  const template = createChatTemplate("{{ bos_token }}{{ messages[0].content }}", { specialTokens: ["<s>"] });
  const prompt = template.render([{ role: "user", content: "<s>" }], { variables: { bos_token: "<s>" } });
  expect(prompt.pieces).toEqual([{ special: "<s>" }, { text: "<s>" }]);
});

test("the longest special token is found where one begins with another", () => {
  const template = createChatTemplate("<|a|><|a|>b|>", { specialTokens: ["<|a|>", "<|a|>b|>"] });
  expect(template.render([{ role: "user", content: "" }]).pieces).toEqual([
    { special: "<|a|>" },
    { special: "<|a|>b|>" },
  ]);
});

test("special tokens that begin with any character, or are one character, are kept out of content", () => {
  const specialTokens = ["[INST]", "¶", "<s>"];
  const template = createChatTemplate("{% for m in messages %}[INST]{{ m.content }}¶{% endfor %}", {
    specialTokens,
  });
  expect(template.render([{ role: "user", content: "[INST]¶<s>" }]).pieces).toEqual([
    { special: "[INST]" },
    { text: "[INST]¶<s>" },
    { special: "¶" },
  ]);
});

test("without special tokens the prompt is one piece of text", () => {
  const prompt = createChatTemplate(source).render([{ role: "user", content: "Hi" }]);
  expect(prompt.pieces).toEqual([{ text: prompt.text }]);
  expect(prompt.boundaries).toEqual([]);
});

test("a template that looks in content for the start of a special token is refused rather than trusted", () => {
  const template = createChatTemplate("{{ 'yes' if '<' in messages[0].content else 'no' }}", {
    specialTokens: ["<s>"],
  });
  expect(() => template.render([{ role: "user", content: "1 < 2" }])).toThrow(
    expect.objectContaining({ code: "TEMPLATE_PIECES" }),
  );
  expect(template.render([{ role: "user", content: "1 + 2" }]).text).toBe("no");
});

test("Python's escapes do not show in text that is hidden meanwhile", () => {
  const template = createChatTemplate("{{ messages[0].content }}{{ messages | tojson(ensure_ascii=true) }}", {
    specialTokens: ["<s>"],
  });
  const messages = [{ role: "tool", content: { "<s>": "é<s>" } }] as const;
  expect(template.render(messages, { mode: "faithful" }).pieces).toEqual([
    { text: `{'<s>': 'é<s>'}[{"role": "tool", "content": {"<s>": "\\u00e9<s>"}}]` },
  ]);
});

describe("boundaries", () => {
  const messages: Message[] = [
    { role: "system", content: "Be kind. <SPECIAL_11>" },
    { role: "user", content: "Hi" },
    { role: "assistant", content: "", tool_calls: [{ name: "f", arguments: {} }] },
    { role: "tool", content: "1" },
    { role: "tool", content: "2" },
    { role: "assistant", content: "Done." },
    { role: "user", content: "Bye" },
  ];
  test("lie after the system message, after each turn, and before the reply; tool results are one turn", () => {
    const { pieces, boundaries } = nemotron.render(messages);
    expect(boundaries.map((boundary) => pieces[boundary - 1])).toEqual([
      { text: "System\nBe kind. <SPECIAL_11>\n" },
      { text: "User\nHi\n" },
      { text: "\n" }, // after the special token that ends the turn
      { text: "User\n<TOOL_RESPONSE>[1, 2]</TOOL_RESPONSE>\n" },
      { text: "\n" },
      { text: "User\nBye\n" },
    ]);
  });

  test("lie before the start of a reply that the caller gave", () => {
    const prompt = nemotron.render([...messages, { role: "assistant", content: "Good" }]);
    expect(prompt.pieces.slice(prompt.boundaries.at(-1))).toEqual(pieces("⟨11⟩Assistant\n<think>\nGood"));
  });

  test("are special pieces, so that the tokens before them do not depend on what follows", () => {
    const tokenizer = nemotronTokenizer();
    fc.assert(
      fc.property(conversations(trickyText, trickyName), (messages) => {
        const { pieces, boundaries } = nemotron.render(messages);
        const ids = tokenizer.encode(pieces);
        for (const boundary of boundaries) {
          expect(pieces[boundary]).toHaveProperty("special");
          const before = tokenizer.encode(pieces.slice(0, boundary));
          expect(ids.slice(0, before.length)).toEqual(before);
        }
        expect([...boundaries].sort((a, b) => a - b)).toEqual(boundaries);
      }),
      { numRuns: 50 },
    );
  });

  test("what lies before the reply is what the longer conversation begins with", () => {
    fc.assert(
      fc.property(conversations(plainText), plainText, (messages, answer) => {
        const prompt = nemotron.render(messages);
        const start: readonly PromptPiece[] = prompt.pieces.slice(0, prompt.boundaries.at(-1));
        const longer = nemotron.render([
          ...messages,
          { role: "assistant", content: answer },
          { role: "user", content: "Go on" },
        ]);
        expect(longer.pieces.slice(0, start.length)).toEqual(start);
        expect(longer.boundaries).toContain(start.length);
      }),
    );
  });

  test("a template that keeps its output in a variable and looks at it has none, and loses nothing", () => {
    const template = createChatTemplate(
      "{% set all %}{% for m in messages %}<s>{{ m.content }}{% endfor %}{% endset %}{{ all if all.startswith('<s>') else 'lost' }}",
      { specialTokens: ["<s>"] },
    );
    const prompt = template.render([{ role: "user", content: "a" }]);
    expect(prompt.pieces).toEqual([{ special: "<s>" }, { text: "a" }]);
    expect(prompt.boundaries).toEqual([]);
  });
});
