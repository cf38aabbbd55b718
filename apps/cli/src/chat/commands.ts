import { demoToolSet, type ToolSet, toolLines } from "../tool-set.ts";
import type { Conversation } from "./conversation.ts";

/** What a line that is a command came to. */
export interface CommandOutcome {
  /** What to tell the person. */
  readonly notice: string;
  readonly leaves?: boolean;
}

interface ChatCommand {
  readonly usage: string;
  readonly help: string;
  run(conversation: Conversation, argument: string, tools: ToolSet): CommandOutcome;
}

const chatCommands: Readonly<Record<string, ChatCommand>> = {
  "/think": {
    usage: "/think",
    help: "reason before answering",
    run(conversation) {
      conversation.reasoning = "on";
      return { notice: "Reasoning is on." };
    },
  },
  "/no_think": {
    usage: "/no_think",
    help: "answer at once",
    run(conversation) {
      conversation.reasoning = "off";
      return { notice: "Reasoning is off." };
    },
  },
  "/tools": {
    usage: "/tools [on|off]",
    help: "list the tools, or switch them",
    run(conversation, argument, tools) {
      if (argument === "on") conversation.tools = tools;
      if (argument === "off") conversation.tools = undefined;
      if (!["", "on", "off", "list"].includes(argument))
        return { notice: "Say /tools, /tools on or /tools off." };
      if (conversation.tools === undefined) return { notice: "No tools. /tools on switches them on." };
      const state = tools.kind === "called" ? "Tools that are called:" : "Tools whose calls are shown:";
      return { notice: [state, ...toolLines(tools).map((line) => `  ${line}`)].join("\n") };
    },
  },
  "/reset": {
    usage: "/reset",
    help: "forget the conversation",
    run(conversation) {
      conversation.reset();
      return { notice: "A new conversation." };
    },
  },
  "/help": { usage: "/help", help: "this list", run: () => ({ notice: help() }) },
  "/exit": { usage: "/exit", help: "leave", run: () => ({ notice: "", leaves: true }) },
};

export const commandNames: readonly string[] = Object.keys(chatCommands);

/**
 * Carries out a line that is a command: one that stands alone, in
 * any letter case. Inside a message `/think` is the model's.
 *
 * @param tools - those that `/tools on` switches on.
 * @returns undefined when the line is a message.
 */
export function runCommand(
  line: string,
  conversation: Conversation,
  tools: ToolSet = demoToolSet(),
): CommandOutcome | undefined {
  const [, typed, argument = ""] = /^(\/[a-z_-]+)(?:\s+(\S+))?$/i.exec(line.trim()) ?? [];
  if (typed === undefined) return undefined;
  const name = typed.toLowerCase();
  if (Object.hasOwn(chatCommands, name)) {
    const command = chatCommands[name]!;
    const takesArgument = command.usage !== name;
    return argument === "" || takesArgument
      ? command.run(conversation, argument.toLowerCase(), tools)
      : undefined;
  }
  return argument === "" ? { notice: `There is no command ${typed}. /help lists them.` } : undefined;
}

function help(): string {
  const commands = Object.values(chatCommands);
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    ...commands.map(({ usage, help }) => `  ${usage.padEnd(width)}  ${help}`),
    `  ${"Ctrl-C".padEnd(width)}  stop the answer; twice at the prompt, leave`,
    `  ${"Enter".padEnd(width)}  while the model is thinking: enough, answer now`,
  ].join("\n");
}
