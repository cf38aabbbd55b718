import { ExitCode } from "../exit-code.ts";
import { type GenerationFlags, generationOptions } from "../generation-flags.ts";
import { interruptSignal } from "../interrupt.ts";
import { openModel } from "../open-model.ts";
import { presentAnswer } from "../present-answer.ts";
import { formatError } from "../report-error.ts";
import { decodeText, readLines } from "../text-input.ts";
import { toolSetOf } from "../tool-set.ts";
import { runCommand } from "./commands.ts";
import { Conversation } from "./conversation.ts";

/** A conversation in which each line of standard input is a turn. A turn that fails does not end it. */
export async function chatInPipe(flags: GenerationFlags): Promise<void> {
  const answer = generationOptions(flags);
  const tools = await toolSetOf(flags, flags.model === undefined);
  const signal = interruptSignal();
  await using model = await openModel(flags, signal);
  const conversation = new Conversation(model, { system: flags.system, tools, answer });
  for await (const bytes of readLines(undefined, signal)) {
    try {
      const line = decodeText(bytes, "This line of standard input");
      if (line.trim() === "") continue;
      const outcome = runCommand(line, conversation, tools);
      if (outcome?.leaves) break;
      if (outcome !== undefined) {
        process.stderr.write(`${outcome.notice}\n`);
        continue;
      }
      await presentAnswer(conversation.answer(line, signal), flags, conversation.tools);
    } catch (error) {
      signal.throwIfAborted();
      process.stderr.write(formatError(error, flags));
      process.exitCode = ExitCode.failure;
    }
  }
}
