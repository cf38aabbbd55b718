import type { Message } from "@krait/chat-template";
import type { ChatOptions } from "krait";
import { expect, test } from "vitest";
import { ScriptedModel } from "../../test-support/scripted-model.ts";
import { demoToolSet } from "../tool-set.ts";
import { runCommand } from "./commands.ts";
import { Conversation } from "./conversation.ts";

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });

/** Has one answer given, to its end. */
async function say(
  conversation: Conversation,
  text: string,
  signal = new AbortController().signal,
): Promise<void> {
  for await (const _ of conversation.answer(text, signal));
}

function start(answer: ChatOptions = {}, system?: string) {
  const model = new ScriptedModel();
  return { model, conversation: new Conversation(model, { system, answer }) };
}

test("each answer is asked for with everything said before it, until /reset", async () => {
  const { model, conversation } = start({}, "Be brief.");
  await say(conversation, "one");
  await say(conversation, "two");
  expect(model.requests[1]?.messages).toEqual([
    { role: "system", content: "Be brief." },
    user("one"),
    assistant("Answer 1."),
    user("two"),
  ]);
  runCommand("/reset", conversation);
  await say(conversation, "three");
  expect(model.requests[2]?.messages).toEqual([{ role: "system", content: "Be brief." }, user("three")]);
});

test("of an aborted answer the conversation keeps what had been said, of a failed one nothing", async () => {
  const { model, conversation } = start();
  const stop = new AbortController();
  model.onToken = (spoken) => spoken === 1 && stop.abort();
  await expect(say(conversation, "one", stop.signal)).rejects.toThrow();
  model.onToken = () => {
    throw new Error("The device is gone.");
  };
  await expect(say(conversation, "two")).rejects.toThrow("The device is gone.");
  model.onToken = () => {};
  await say(conversation, "three");
  expect(model.requests.at(-1)?.messages).toEqual([user("one"), assistant("Answer "), user("three")]);
});

test("/think and /no_think alone on a line switch what follows; inside a message they are the model's", async () => {
  const { model, conversation } = start({ reasoning: "on" });
  await say(conversation, "one");
  expect(runCommand("/no_think", conversation)).toEqual({ notice: "Reasoning is off." });
  await say(conversation, "two");
  expect(runCommand("three /think", conversation)).toBeUndefined();
  await say(conversation, "three /think");
  await say(conversation, "see src/think.ts");
  expect(model.requests.map(({ options }) => options.reasoning)).toEqual(["on", "off", undefined, "off"]);
});

test("/tools switches the tools, and lists them", async () => {
  const { model, conversation } = start();
  expect(runCommand("/tools", conversation)?.notice).toMatch(/No tools/);
  expect(runCommand("/tools on", conversation)?.notice).toMatch(/get_weather: .*\n {2}calculate: /);
  await say(conversation, "one");
  runCommand("/tools off", conversation);
  await say(conversation, "two");
  const names = demoToolSet().tools.map((tool) => "name" in tool && tool.name);
  expect(model.requests.map(({ tools }) => tools)).toEqual([names, []]);
});

test("only a line of one known word is a command, in any letter case", () => {
  const { conversation } = start();
  expect(runCommand("/exit", conversation)).toMatchObject({ leaves: true });
  expect(runCommand(" /help ", conversation)?.notice).toContain("/reset");
  expect(runCommand("/NO_THINK", conversation)).toEqual({ notice: "Reasoning is off." });
  expect(runCommand("/Tools OFF", conversation)?.notice).toMatch(/No tools/);
  expect(runCommand("/Quit", conversation)?.notice).toContain("There is no command /Quit");
  expect(runCommand("/no-think", conversation)?.notice).toContain("There is no command /no-think");
  for (const message of ["/etc/hosts is empty", "/think about it", "hello /exit", "5/think"]) {
    expect(runCommand(message, conversation)).toBeUndefined();
  }
});
