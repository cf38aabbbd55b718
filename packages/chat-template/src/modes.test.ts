import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conversations, plainText, trickyText } from "../fixtures/conversations.ts";
import { nemotron } from "../fixtures/nemotron-prompts.ts";
import { createChatTemplate } from "./chat-template.ts";
import type { Message } from "./messages.ts";
import { PYTHON_SPACE, strip } from "./python-text.ts";

test("both modes give the same prompt where there is no trap", () => {
  const switches = fc.constantFrom("", " /think", " /no_think", "\n/no_think\n");
  const text = fc.tuple(plainText, switches).map(([text, word]) => text + word);
  fc.assert(
    fc.property(conversations(text), fc.boolean(), (messages, addGenerationPrompt) => {
      const options = { addGenerationPrompt, tools: [{ name: "f", parameters: { "<s>": 1.5 } }] };
      expect(nemotron.render(messages, options)).toEqual(
        nemotron.render(messages, { ...options, mode: "faithful" }),
      );
    }),
  );
});

test("in robust mode all that a user writes survives, but for the switch words and white space at the ends", () => {
  const switchWord = new RegExp(`(?<=^|[${PYTHON_SPACE}])/(no_)?think(?=$|[${PYTHON_SPACE}])`, "g");
  fc.assert(
    fc.property(trickyText, (content) => {
      const { text } = nemotron.render([{ role: "user", content }]);
      const kept = text.slice(
        "<SPECIAL_10>System\n\n<SPECIAL_11>User\n".length,
        text.lastIndexOf("\n<SPECIAL_11>"),
      );
      expect(kept).toBe(strip(content.replace(switchWord, ""), "both"));
    }),
    { numRuns: 1000 },
  );
});

describe("a template of another model", () => {
  const chatML = createChatTemplate(
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% if m.tool_calls %}{% for c in m.tool_calls %}|{{ c.function.name | tojson }}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    { specialTokens: ["<|im_start|>", "<|im_end|>", "<|endoftext|>"] },
  );

  test("gets the same text in both modes, however odd: it has none of the traps", () => {
    const message = fc.record({
      role: fc.constantFrom("system", "user", "assistant", "tool"),
      content: trickyText,
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (messages) => {
        fc.pre(messages.at(-1)!.role !== "assistant");
        const robust = chatML.render(messages as Message[]);
        expect(robust.text).toBe(chatML.render(messages as Message[], { mode: "faithful" }).text);
        expect(robust.text).toBe(
          `${messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("")}<|im_start|>assistant\n`,
        );
        expect(robust.reasoning).toBe("off");
      }),
    );
  });

  test("renders later system messages, last tool calls and names with quotes by itself", () => {
    const messages: Message[] = [
      { role: "user", content: "a" },
      { role: "system", content: "b" },
      { role: "assistant", content: "c", tool_calls: [{ function: { name: 'd"', arguments: {} } }] },
    ];
    expect(chatML.render(messages, { addGenerationPrompt: false }).pieces).toEqual([
      { special: "<|im_start|>" },
      { text: "user\na" },
      { special: "<|im_end|>" },
      { text: "\n" },
      { special: "<|im_start|>" },
      { text: "system\nb" },
      { special: "<|im_end|>" },
      { text: "\n" },
      { special: "<|im_start|>" },
      { text: 'assistant\nc|"d\\""' },
      { special: "<|im_end|>" },
      { text: "\n" },
    ]);
  });

  test("goes on from a last assistant message, as from a template's own start of a reply", () => {
    const question = { role: "user", content: "a" } as const;
    const begun = (content: string) => chatML.render([question, { role: "assistant", content }]);
    const before = "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n";
    expect(begun("b <|im_end|>")).toMatchObject({ text: `${before}b <|im_end|>`, reasoning: "off" });
    expect(begun("b <|im_end|>").pieces.at(-1)).toEqual({ text: "assistant\nb <|im_end|>" });
    expect(begun("b").boundaries).toEqual([4]);
    expect(begun("<think>b").reasoning).toBe("on");
    expect(begun("<think>b</think>c").reasoning).toBe("off");
    // One of nothing is where a reply begins, also behind one that is whole.
    expect(begun("")).toEqual(chatML.render([question]));
    const whole = { role: "assistant", content: "b" } as const;
    expect(chatML.render([question, whole, { role: "assistant", content: "" }]).text).toBe(
      `${before}b<|im_end|>\n<|im_start|>assistant\n`,
    );
    expect(chatML.render([question, whole], { addGenerationPrompt: false }).text).toBe(
      `${before}b<|im_end|>\n`,
    );
    expect(chatML.render([question, whole], { mode: "faithful" }).text).toBe(
      `${before}b<|im_end|>\n<|im_start|>assistant\n`,
    );
  });

  test("has a boundary at each message and before the reply", () => {
    const { boundaries } = chatML.render([
      { role: "system", content: "a" },
      { role: "user", content: "b" },
    ]);
    expect(boundaries).toEqual([4, 8]);
  });

  test("keeps what follows a second </think> where it keeps only the last part by itself", () => {
    const template = createChatTemplate(
      "{% for m in messages %}{{ m.content.split('</think>')[-1] }};{% endfor %}",
    );
    const messages: Message[] = [{ role: "assistant", content: "a</think>b</think>c" }];
    const text = (mode: "robust" | "faithful") =>
      template.render(messages, { mode, addGenerationPrompt: false }).text;
    expect(text("robust")).toBe(text("faithful"));
  });
});

describe("a template that fails", () => {
  test("is named by what it raised and the message it was at", () => {
    const template = createChatTemplate(
      "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('No tools here') }}{% endif %}{% endfor %}",
    );
    const messages: Message[] = [
      { role: "user", content: "a" },
      { role: "tool", content: "b" },
    ];
    expect(() => template.render(messages)).toThrow(
      expect.objectContaining({
        name: "ChatTemplateError",
        code: "TEMPLATE_FAILED",
        message: 'The chat template failed at message 1 (role "tool"): No tools here.',
        messageIndex: 1,
        role: "tool",
      }),
    );
  });

  test("is named by the caller's index where system messages were put together", () => {
    const template = createChatTemplate(
      "{{ messages[0].content }}{% for m in messages[1:] %}{% if m.role == 'user' %}{{ m.content + 1 }}{% endif %}{% endfor %}",
    );
    const messages: Message[] = [
      { role: "system", content: "a" },
      { role: "system", content: "b" },
      { role: "user", content: "c" },
    ];
    expect(() => template.render(messages)).toThrow(expect.objectContaining({ messageIndex: 2 }));
  });

  test("does not even start when its source does not parse", () => {
    expect(() => createChatTemplate("{% if %}")).toThrow(
      expect.objectContaining({ code: "TEMPLATE_SYNTAX" }),
    );
  });
});

test("a template may ask for the date, and name any variable of the caller's", () => {
  const template = createChatTemplate("{{ strftime_now('%Y') }} {{ place }}");
  const year = String(new Date().getFullYear());
  expect(template.render([{ role: "user", content: "" }], { variables: { place: "Paris" } }).text).toBe(
    `${year} Paris`,
  );
});

test("the generation prompt is added unless told otherwise, by the option or by the template's own name for it", () => {
  const messages: Message[] = [{ role: "user", content: "Hi" }];
  const isAdded = (options: object) => nemotron.render(messages, options).text.endsWith("<think>\n");
  expect(isAdded({})).toBe(true);
  expect(isAdded({ addGenerationPrompt: false })).toBe(false);
  expect(isAdded({ variables: { add_generation_prompt: false } })).toBe(false);
  expect(isAdded({ variables: { add_generation_prompt: false }, addGenerationPrompt: true })).toBe(true);
});
