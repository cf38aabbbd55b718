import type { Command } from "commander";
import { chatInPipe } from "../chat/chat-in-pipe.ts";
import { chatInTerminal } from "../chat/chat-in-terminal.ts";
import { addGenerationFlags, type GenerationFlags } from "../generation-flags.ts";

export function addChat(program: Command): void {
  const command = program
    .command("chat")
    .description("A conversation. In a pipe each line is a turn, and standard output gets the answers.");
  addGenerationFlags(command).action(async (_: unknown, command: Command) => {
    const flags = command.optsWithGlobals<GenerationFlags>();
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY && !flags.json;
    await (isTerminal ? chatInTerminal(flags) : chatInPipe(flags));
  });
}
