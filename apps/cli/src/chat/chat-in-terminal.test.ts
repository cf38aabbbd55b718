import { expect, test } from "vitest";
import { keys, noPseudoTerminal, openPseudoTerminal, paste } from "../../test-support/pseudo-terminal.ts";

const missing = await noPseudoTerminal();

/** A person must have the time to interrupt an answer. */
const slow = ["--backend", "cpu"];

/** Answers that go on until they are stopped. */
const endless = ["--ignore-eos", "--max-tokens", "4000", "--no-think", "--no-demo-tools"];

test.concurrent("a person types, is answered, interrupts an answer, and goes on", async ({ skip }) => {
  skip(missing !== undefined, missing);
  using terminal = await openPseudoTerminal(["chat", ...slow, ...endless]);
  await terminal.until(/backend \w+[\s\S]*\n>$/);
  expect(terminal.isDim("/help lists the commands")).toBe(true);

  terminal.type(`Hellx${keys.backspace}o! 你好${keys.backspace}${keys.enter}`);
  await terminal.until(/^> Hello! 你\n[\s\S]*\S{3}/m);
  // Keys that come during the answer wait for the prompt and do not show in it.
  terminal.type("typed ahead");
  terminal.type(keys.ctrlC);
  await terminal.until(/\n\[stopped\]\n\n> typed ahead$/);
  expect(terminal.screen().match(/typed ahead/g)).toHaveLength(1);

  // At the prompt, Ctrl-C clears the line.
  terminal.type(keys.ctrlC);
  await terminal.until(/\[stopped\]\n\n>$/);
  terminal.type(`/reset${keys.enter}`);
  await terminal.until(/A new conversation\.\n\n>$/);
  terminal.type(`${keys.up}${keys.up}${keys.enter}`);
  await terminal.until(/new conversation\.\n\n> Hello! 你\n[\s\S]*\S{3}/);
  terminal.type(keys.ctrlC);
  await terminal.until(/\[stopped\][\s\S]*\[stopped\]\n\n>$/);

  terminal.type(keys.ctrlC);
  await terminal.until(/Ctrl-C again or \/exit leaves\.\n>$/);
  terminal.type(keys.ctrlC);
  expect(await terminal.exitCode).toBe(0);
});

test.concurrent("reasoning is dimmed, the answer is not, and the speed closes both", async ({ skip }) => {
  skip(missing !== undefined, missing);
  using terminal = await openPseudoTerminal(["chat", ...slow, "--think", "--no-demo-tools"]);
  await terminal.until(/\n>$/);
  terminal.type(`What is 12 + 30?${keys.enter}`);
  const answered = await terminal.until(/\[\d+ tokens, \d+ tokens\/s\]\n\n>$/);
  // What is pasted is one message, however many lines it has.
  terminal.type(paste("Hello!\r\nHow are you?\n"));
  await terminal.until(/\n> Hello!\u240aHow are you\?$/);
  terminal.type(keys.enter);
  await terminal.until(/How are you\?\n\S[\s\S]*tokens\/s\]\n\n>$/);
  expect(terminal.screen().match(/tokens\/s\]/g)).toHaveLength(2);
  const [, reasoning, answer] = /> What is 12 \+ 30\?\n([\s\S]+?)\n\n([\s\S]+?)\n\[/.exec(answered) ?? [];
  expect(terminal.isDim(reasoning!.split("\n")[0]!)).toBe(true);
  expect(terminal.isDim(answer!.split("\n")[0]!)).toBe(false);
  terminal.type(`/help${keys.enter}/exit${keys.enter}`);
  expect(await terminal.exitCode).toBe(0);
  expect(terminal.screen()).toContain("forget the conversation");
});

test.concurrent("Enter ends the reasoning of a model that would go on thinking", async ({ skip }) => {
  skip(missing !== undefined, missing);
  // At this temperature the tokens are noise, in which the reasoning never finds its end.
  const noise = ["--think", "--temperature", "9", "--max-tokens", "4000"];
  using terminal = await openPseudoTerminal(["chat", ...slow, "--reasoning", "collapse", ...noise]);
  await terminal.until(/\n>$/);
  terminal.type(`/tools${keys.enter}`);
  await terminal.until(/get_weather: [\s\S]*\n>$/);
  terminal.type(`Hello!${keys.enter}`);
  await terminal.until(/^thinking… \d{2,} tokens$/m);
  terminal.type(keys.enter);
  await terminal.until(/^Thought for \d+ tokens\.$/m);
  terminal.type(keys.ctrlC);
  await terminal.until(/\[stopped\]\n\n>$/);
  terminal.type(`/exit${keys.enter}`);
  expect(await terminal.exitCode).toBe(0);
});

test.concurrent("a narrow window wraps what is typed and answered, and Ctrl-D leaves", async ({ skip }) => {
  skip(missing !== undefined, missing);
  using terminal = await openPseudoTerminal(
    ["chat", ...slow, "--reasoning", "collapse", "--think", "--no-demo-tools"],
    24,
  );
  await terminal.until(/\n>$/);
  terminal.type("What is the sum of 12 and 30, please?");
  await terminal.until(/and 30, please\?$/);
  terminal.type(keys.enter);
  await terminal.until(/^Thought for \d+ tokens\.\n\n[\s\S]*\[\d+ tokens,[\s\S]*\]\n\n>$/m);
  terminal.type(keys.ctrlD);
  expect(await terminal.exitCode).toBe(0);
});
