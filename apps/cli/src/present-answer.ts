import type { FinishEvent } from "krait";
import type { AnswerEvent } from "./answer-event.ts";
import { AnswerView, speedLine } from "./answer-view.ts";
import type { GenerationFlags } from "./generation-flags.ts";
import { createStatusLine } from "./terminal/status-line.ts";
import { stylesFor } from "./terminal/styles.ts";
import type { ToolSet } from "./tool-set.ts";
import { write } from "./write.ts";

/**
 * Shows an answer as it comes, on this process's terminal or pipe; with `--json` its events. In a pipe
 * standard output gets the answer alone.
 *
 * @throws what the answer throws, after what came before it has been shown.
 */
export async function presentAnswer(
  answer: AsyncIterable<AnswerEvent>,
  flags: Pick<GenerationFlags, "json" | "reasoning">,
  tools: ToolSet | undefined,
): Promise<void> {
  if (flags.json) {
    // What JSON does not have, such as a log-probability of −∞, becomes null.
    for await (const event of answer) await write(process.stdout, `${JSON.stringify(event)}\n`);
    return;
  }
  const { stdout, stderr } = process;
  const isTerminal = stdout.isTTY;
  const view = new AnswerView({
    answer: stdout,
    aside: isTerminal ? stdout : flags.reasoning === "show" ? stderr : undefined,
    isTerminal,
    reasoning: flags.reasoning ?? (isTerminal ? "show" : "hide"),
    callsAreExecuted: tools?.kind === "called",
    styles: stylesFor(stdout),
    status: createStatusLine(stderr),
  });
  const finishes: FinishEvent[] = [];
  let isComplete = false;
  try {
    for await (const event of answer) {
      view.show(event);
      if (event.type === "finish") finishes.push(event);
    }
    isComplete = true;
  } finally {
    view.end({ isComplete });
  }
  sayHowItEnded(finishes);
}

/** Its length and speed where somebody watches; in a pipe only what the answer does not show. */
function sayHowItEnded(finishes: readonly FinishEvent[]): void {
  const { stderr } = process;
  const wasCut = finishes.at(-1)?.finishReason === "length";
  const cut = "cut short: --max-tokens or the context allows no more";
  if (stderr.isTTY) {
    stderr.write(stylesFor(stderr).dim(`[${speedLine(finishes)}${wasCut ? `, ${cut}` : ""}]\n`));
  } else if (wasCut) {
    stderr.write(`krait: The answer was ${cut}.\n`);
  }
}
