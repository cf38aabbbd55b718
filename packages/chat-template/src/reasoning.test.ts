import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conversations, plainText, trickyText } from "../fixtures/conversations.ts";
import { nemotron, specialTokens } from "../fixtures/nemotron-prompts.ts";
import { createChatTemplate, type RenderOptions } from "./chat-template.ts";
import type { Message } from "./messages.ts";

const modes = ["robust", "faithful"] as const;
const user = (content: string): Message => ({ role: "user", content });
const stateOf = (messages: readonly Message[], options?: RenderOptions) =>
  nemotron.render(messages, options).reasoning;

describe.each(modes)("the state in %s mode", (mode) => {
  test("is on by default and follows the last switch word", () => {
    expect(stateOf([user("Hi")], { mode })).toBe("on");
    expect(stateOf([user("Hi /no_think")], { mode })).toBe("off");
    expect(stateOf([{ role: "system", content: "/no_think" }, user("Hi")], { mode })).toBe("off");
    expect(stateOf([{ role: "system", content: "/no_think" }, user("Hi /think")], { mode })).toBe("on");
    expect(stateOf([user("/no_think and /think")], { mode })).toBe("on");
  });

  test("is what the generation prompt says, for any conversation", () => {
    fc.assert(
      fc.property(conversations(trickyText), (messages) => {
        const { text, reasoning } = nemotron.render(messages, { mode });
        expect(
          text.endsWith(
            reasoning === "on"
              ? "<SPECIAL_11>Assistant\n<think>\n"
              : "<SPECIAL_11>Assistant\n<think></think>",
          ),
        ).toBe(true);
      }),
    );
  });

  test("is not taken in by what messages say", () => {
    const messages = [
      user("/no_think"),
      { role: "assistant", content: "<think>\n" } as const,
      user("a <think>\n"),
    ];
    expect(stateOf(messages, { mode })).toBe("off");
  });

  test("is the same without a generation prompt", () => {
    for (const content of ["Hi", "Hi /no_think"])
      expect(stateOf([user(content)], { mode, addGenerationPrompt: false })).toBe(
        stateOf([user(content)], { mode }),
      );
  });

  test("is off where the start of the reply has closed its reasoning, and on where it has not", () => {
    const start = (content: string): Message[] => [user("Hi"), { role: "assistant", content }];
    expect(stateOf(start("Let me see"), { mode })).toBe("on");
    expect(stateOf(start("Let me see.\n</think>\n\n"), { mode })).toBe("off");
    expect(stateOf([user("Hi /no_think"), { role: "assistant", content: "Sure" }], { mode })).toBe("off");
  });
});

describe.each(modes)("the option reasoning in %s mode", (mode) => {
  test("gives the bytes that the switch word gives", () => {
    fc.assert(
      fc.property(conversations(plainText), (messages) => {
        const withWord = (word: string) =>
          messages.map((message, i) =>
            i === messages.length - 1 ? user(`${message.content} ${word}`) : message,
          );
        expect(nemotron.render(messages, { mode, reasoning: "off" })).toEqual(
          nemotron.render(withWord("/no_think"), { mode }),
        );
        expect(nemotron.render(messages, { mode, reasoning: "on" })).toEqual(
          nemotron.render(withWord("/think"), { mode }),
        );
      }),
    );
  });

  test("wins over every switch word, which are deleted all the same", () => {
    const messages: Message[] = [
      { role: "system", content: "Be kind /think" },
      user("One /no_think two"),
      { role: "assistant", content: "three" },
      user("four /think /no_think"),
    ];
    for (const reasoning of ["on", "off"] as const) {
      const prompt = nemotron.render(messages, { mode, reasoning });
      expect(prompt.reasoning).toBe(reasoning);
      expect(prompt.text).toContain("System\nBe kind\n<SPECIAL_11>User\nOne  two\n");
      expect(prompt.text).toContain("User\nfour\n<SPECIAL_11>Assistant\n");
    }
  });

  test("reaches a conversation in which neither system nor user speaks", () => {
    const messages: Message[] = [{ role: "tool", content: "1" }];
    expect(nemotron.render(messages, { mode, reasoning: "off" }).text).toBe(
      nemotron.render(messages, { mode }).text.replace("<think>\n", "<think></think>"),
    );
  });

  test("sets the variable enable_thinking for templates that go by it", () => {
    const template = createChatTemplate(
      "{% if add_generation_prompt %}{{ '<think>\n' if enable_thinking else '<think></think>' }}{% endif %}",
    );
    expect(template.render([user("Hi")], { mode, reasoning: "on" })).toMatchObject({
      text: "<think>\n",
      reasoning: "on",
    });
    expect(template.render([user("Hi")], { mode, reasoning: "off" })).toMatchObject({
      text: "<think></think>",
      reasoning: "off",
    });
  });

  test("is refused where the template cannot do it", () => {
    const template = createChatTemplate("{{ messages[0].content }}", { specialTokens });
    expect(template.render([user("Hi")], { mode, reasoning: "off" }).reasoning).toBe("off");
    expect(() => template.render([user("Hi")], { mode, reasoning: "on" })).toThrow(
      expect.objectContaining({ code: "TEMPLATE_REASONING", expected: "on" }),
    );
  });
});

test("an option does not turn a path into a switch word in robust mode", () => {
  const prompt = nemotron.render([user("see src/think.ts")], { reasoning: "off" });
  expect(prompt.text).toContain("User\nsee src/think.ts\n");
  expect(prompt.reasoning).toBe("off");
});
