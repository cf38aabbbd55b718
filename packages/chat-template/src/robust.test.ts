import { describe, expect, test } from "vitest";
import { nemotron, nemotronTokenizer, pieces, textOf } from "../fixtures/nemotron-prompts.ts";
import type { RenderOptions } from "./chat-template.ts";
import type { Message } from "./messages.ts";

// What robust mode has to give, written down by hand: the trained format of the model's template with the text
// of the messages whole. ⟨11⟩ is the special token <SPECIAL_11>; everything else is text, look-alikes included.

interface Golden {
  readonly name: string;
  readonly messages: readonly unknown[];
  readonly options?: RenderOptions;
  readonly prompt: string;
  readonly reasoning?: "on" | "off";
}

const call = (name: string, args?: unknown) => ({
  id: "c",
  type: "function",
  function: { name, arguments: args },
});
const user = { role: "user", content: "Go" };
const ASK = "⟨11⟩Assistant\n<think>\n";
const GO = "⟨10⟩System\n\n⟨11⟩User\nGo\n";

const goldens: Golden[] = [
  {
    name: "a path, a URL and a closing tag with /think in them survive and switch nothing",
    messages: [
      { role: "system", content: "/no_think" },
      {
        role: "user",
        content: "Fix src/think.ts, see https://x.org/think-tank and </think> /thinking //think /think, ok",
      },
    ],
    prompt:
      "⟨10⟩System\n\n⟨11⟩User\nFix src/think.ts, see https://x.org/think-tank and </think> /thinking //think /think, ok\n⟨11⟩Assistant\n<think></think>",
    reasoning: "off",
  },
  {
    name: "the words between white space are switches and are removed as the template removes them",
    messages: [{ role: "user", content: "One\n/think\u0085two /no_think/think /no_think" }],
    prompt: "⟨10⟩System\n\n⟨11⟩User\nOne\n\u0085two /no_think/think\n⟨11⟩Assistant\n<think>\n",
  },
  {
    name: "text that would become a special token when /think is deleted",
    messages: [{ role: "user", content: "a<SPECIAL_1/think2>b</thinkSPECIAL_11> <SPECIAL_11>" }],
    prompt: `⟨10⟩System\n\n⟨11⟩User\na<SPECIAL_1/think2>b</thinkSPECIAL_11> <SPECIAL_11>\n${ASK}`,
  },
  {
    name: "a whole-word switch beside a look-alike",
    messages: [{ role: "user", content: "<SPECIAL_12> /no_think </s>" }],
    prompt: "⟨10⟩System\n\n⟨11⟩User\n<SPECIAL_12>  </s>\n⟨11⟩Assistant\n<think></think>",
    reasoning: "off",
  },
  {
    name: "content null and missing beside tool calls",
    messages: [
      user,
      { role: "assistant", content: null, tool_calls: [call("f", {})] },
      { role: "tool", content: "1" },
      { role: "assistant", tool_calls: [call("g", {})] },
      { role: "tool", content: null },
    ],
    prompt: `${GO}⟨11⟩Assistant\n<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n⟨11⟩User\n<TOOL_RESPONSE>[1]</TOOL_RESPONSE>\n⟨11⟩Assistant\n<TOOLCALL>[{"name": "g", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n⟨11⟩User\n<TOOL_RESPONSE>[]</TOOL_RESPONSE>\n${ASK}`,
  },
  {
    name: "content in text parts, one line each",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "One" },
          { type: "text", text: "two </s>" },
        ],
      },
      { role: "assistant", content: [] },
      { role: "user", content: [{ type: "text", text: "three" }] },
    ],
    prompt: `⟨10⟩System\n\n⟨11⟩User\nOne\ntwo </s>\n⟨11⟩Assistant\n\n⟨12⟩\n⟨11⟩User\nthree\n${ASK}`,
  },
  {
    name: "a tool result that is not text, as JSON",
    messages: [
      user,
      { role: "assistant", tool_calls: [call("f", {})] },
      { role: "tool", content: { temp: 21, ok: true, s: "it's" } },
      { role: "tool", content: ["a", 1.5] },
      { role: "tool", content: 0 },
      { role: "tool", content: [{ type: "text", text: "part" }] },
    ],
    prompt: `${GO}⟨11⟩Assistant\n<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n⟨11⟩User\n<TOOL_RESPONSE>[{"temp": 21, "ok": true, "s": "it's"}, ["a", 1.5], 0, part]</TOOL_RESPONSE>\n${ASK}`,
  },
  {
    name: "tool calls of a last assistant message, as a finished turn",
    messages: [
      user,
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [call("f", '{"a":1}'), call("g", { b: "</s>" })],
      },
    ],
    prompt: `${GO}⟨11⟩Assistant\nLet me see.\n\n<TOOLCALL>[{"name": "f", "arguments": {"a":1}}, {"name": "g", "arguments": {"b": "</s>"}}]</TOOLCALL>\n⟨12⟩\n${ASK}`,
  },
  {
    name: "tool calls of a last assistant message without a generation prompt",
    messages: [user, { role: "assistant", tool_calls: [call("f", {})] }],
    options: { addGenerationPrompt: false },
    prompt: `${GO}⟨11⟩Assistant\n<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n`,
  },
  {
    name: "a last assistant message is the start of the reply, as in the template",
    messages: [user, { role: "assistant", content: " First, </s>" }],
    prompt: `${GO}${ASK}First, </s>`,
  },
  {
    name: "text after a second </think>",
    messages: [
      user,
      { role: "assistant", content: "<think>\na\n</think>\n\nUse </think> to end. </think>" },
      user,
    ],
    prompt: `${GO}⟨11⟩Assistant\nUse </think> to end. </think>\n⟨12⟩\n⟨11⟩User\nGo\n${ASK}`,
  },
  {
    name: "calls without arguments",
    messages: [
      user,
      { role: "assistant", tool_calls: [call("f"), call("g", ""), call("h", null), { name: "i" }] },
      { role: "tool", content: "1" },
    ],
    prompt: `${GO}⟨11⟩Assistant\n<TOOLCALL>[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}, {"name": "h", "arguments": null}, {"name": "i", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n⟨11⟩User\n<TOOL_RESPONSE>[1]</TOOL_RESPONSE>\n${ASK}`,
  },
  {
    name: "quotes in the name of a called function",
    messages: [
      user,
      { role: "assistant", tool_calls: [call('a"b\\</s>', {})] },
      { role: "tool", content: "1" },
    ],
    prompt: `${GO}⟨11⟩Assistant\n<TOOLCALL>[{"name": "a\\"b\\\\</s>", "arguments": {}}]</TOOLCALL>\n⟨12⟩\n⟨11⟩User\n<TOOL_RESPONSE>[1]</TOOL_RESPONSE>\n${ASK}`,
  },
  {
    name: "several system messages, wherever they stand, and the newer name developer",
    messages: [
      { role: "developer", content: "Be kind." },
      { role: "system", content: "Be brief." },
      user,
      { role: "system", content: [{ type: "text", text: "Speak French." }] },
      { role: "assistant", content: "Oui." },
      user,
    ],
    prompt: `⟨10⟩System\nBe kind.\n\nBe brief.\n\nSpeak French.\n⟨11⟩User\nGo\n⟨11⟩Assistant\nOui.\n⟨12⟩\n⟨11⟩User\nGo\n${ASK}`,
  },
  {
    name: "a system message after the user's",
    messages: [user, { role: "system", content: "Be kind." }],
    prompt: `⟨10⟩System\nBe kind.\n⟨11⟩User\nGo\n${ASK}`,
  },
  {
    name: "nothing but a system message",
    messages: [{ role: "system", content: "Be kind. /no_think" }],
    prompt: "⟨10⟩System\nBe kind.\n⟨11⟩Assistant\n<think></think>",
    reasoning: "off",
  },
  {
    name: "nothing but a system message and tools, without a generation prompt",
    messages: [{ role: "system", content: "Be kind." }],
    options: { addGenerationPrompt: false, tools: [{ name: "f<s>", parameters: {} }] },
    prompt:
      '⟨10⟩System\nBe kind.\n\nYou can use the following tools to assist the user if required:\n<AVAILABLE_TOOLS>[{"name": "f<s>", "parameters": {}}]</AVAILABLE_TOOLS>\n\nIf you decide to call any tool(s), use the following format:\n<TOOLCALL>[{{"name": "tool_name1", "arguments": "tool_args1"}}, {{"name": "tool_name2", "arguments": "tool_args2"}}]</TOOLCALL>\n\nThe user will execute tool-calls and return responses from tool(s) in this format:\n<TOOL_RESPONSE>[{{"tool_response1"}}, {{"tool_response2"}}]</TOOL_RESPONSE>\n\nBased on the tool responses, you can call additional tools if needed, correct tool calls if any errors are found, or just respond to the user.\n',
  },
  {
    name: "text with the very characters that mark text inside this package",
    messages: [{ role: "user", content: "\ufdd0<s>\ufdd1/think\ufdd2 \uffff\ue000" }],
    prompt: `⟨10⟩System\n\n⟨11⟩User\n\ufdd0<s>\ufdd1/think\ufdd2 \uffff\ue000\n${ASK}`,
  },
];

describe("robust mode", () => {
  const tokenizer = nemotronTokenizer();

  test.each(goldens)("$name", ({ messages, options, prompt, reasoning = "on" }) => {
    const expected = pieces(prompt);
    const rendered = nemotron.render(messages as Message[], options);
    expect(rendered.pieces).toEqual(expected);
    expect(rendered.text).toBe(textOf(expected));
    expect(rendered.reasoning).toBe(reasoning);
    // Special tokens by the number in their name, everything between them as plain text.
    const ids = expected.flatMap((piece) =>
      "text" in piece ? tokenizer.encode(piece.text) : [Number(piece.special.replace(/\D/g, ""))],
    );
    expect(tokenizer.encode(rendered.pieces)).toEqual(ids);
  });

  test("the messages of the caller are left as they are", () => {
    const messages = [
      { role: "developer", content: "a" },
      { role: "user", content: "src/think.ts <s>" },
      { role: "assistant", content: null, tool_calls: [call('"', "")] },
    ] as unknown as Message[];
    const before = structuredClone(messages);
    nemotron.render(messages, { reasoning: "off" });
    expect(messages).toEqual(before);
  });
});
