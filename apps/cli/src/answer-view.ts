import type { FinishEvent } from "krait";
import type { AnswerEvent } from "./answer-event.ts";
import { counted } from "./quantities.ts";
import { withoutControls } from "./terminal/control-characters.ts";
import type { StatusLine } from "./terminal/status-line.ts";
import type { Styles } from "./terminal/styles.ts";

export interface AnswerViewOptions {
  /** Takes the answer. */
  readonly answer: { write(text: string): unknown };
  /** Takes the reasoning, and the tools that are called on the way; nothing does unless given. */
  readonly aside?: { write(text: string): unknown } | undefined;
  /** Whether `answer` and `aside` are one terminal, so that blocks have to be set apart. */
  readonly isTerminal: boolean;
  readonly reasoning: "show" | "hide" | "collapse";
  /** Whether the calls are executed; those that are not are part of the answer. */
  readonly callsAreExecuted: boolean;
  readonly styles: Styles;
  readonly status: StatusLine;
}

type Block = "reasoning" | "text" | "call";

/** Longer results are shown as far as this; the model reads all of them. */
const RESULT_CHARACTERS = 300;

/** A prompt shorter than this is read before anybody wonders. */
const LONG_PROMPT = 512;

/** Shows an answer as it comes. */
export class AnswerView {
  readonly #options: AnswerViewOptions;
  #block: Block | undefined;
  /** Whether what was last written to each output ended a line. */
  readonly #atLineStart = new Map<unknown, boolean>();
  #reasoningTokens = 0;
  #hasReasoningLine = false;

  constructor(options: AnswerViewOptions) {
    this.#options = options;
  }

  show(event: AnswerEvent): void {
    const { answer, aside, styles, callsAreExecuted } = this.#options;
    switch (event.type) {
      case "step":
        this.#reasoningTokens = 0;
        this.#hasReasoningLine = false;
        break;
      case "prefill":
        if (event.totalTokens >= LONG_PROMPT) {
          this.#status(`reading the prompt: ${event.tokens} of ${counted(event.totalTokens, "token")}`);
        }
        break;
      case "token":
        if (event.reasoning) this.#countReasoning();
        break;
      case "reasoning-delta":
        if (this.#options.reasoning === "show") this.#write("reasoning", aside, event.text, styles.dim);
        break;
      case "text-delta":
        this.#write("text", answer, event.text);
        break;
      case "tool-call-start":
        this.#status(`calling ${withoutControls(event.name)}…`);
        break;
      case "tool-call-end": {
        const output = callsAreExecuted ? aside : answer;
        const prefix = this.#options.isTerminal ? "→ " : "";
        this.#writeLine("call", output, `${prefix}${event.name}(${event.arguments})`);
        break;
      }
      case "tool-result":
        this.#writeLine("call", aside, `← ${resultText(event.content)}`, styles.dim);
        break;
      case "warning":
        if (this.#options.isTerminal) this.#writeLine("call", aside, `(${event.message})`, styles.dim);
        break;
      case "finish":
        this.#endReasoning();
    }
  }

  /** Ends the last line. In a pipe a complete answer is a line even if it is empty. */
  end({ isComplete }: { readonly isComplete: boolean }): void {
    const { answer, aside, isTerminal, status } = this.#options;
    status.clear();
    this.#endLine(aside);
    this.#endLine(answer);
    if (isComplete && !isTerminal && !this.#atLineStart.has(answer)) answer.write("\n");
  }

  /** On a line of its own, since it will be wiped. */
  #status(text: string): void {
    if (this.#options.isTerminal) this.#endLine(this.#options.answer);
    this.#options.status.update(text);
  }

  #countReasoning(): void {
    this.#reasoningTokens++;
    if (this.#options.reasoning === "collapse") {
      this.#status(`thinking… ${counted(this.#reasoningTokens, "token")}`);
    }
  }

  /** In place of reasoning that was collapsed: how long it was. */
  #endReasoning(): void {
    if (this.#options.reasoning !== "collapse" || this.#reasoningTokens === 0 || this.#hasReasoningLine)
      return;
    this.#hasReasoningLine = true;
    const line = `Thought for ${counted(this.#reasoningTokens, "token")}.`;
    this.#writeLine("reasoning", this.#options.aside, line, this.#options.styles.dim);
  }

  #write(
    block: Block,
    output: AnswerViewOptions["aside"],
    text: string,
    style: (text: string) => string = (plain) => plain,
  ): void {
    const { isTerminal, status } = this.#options;
    const isNewBlock = this.#block !== block;
    // Blocks are set apart by one blank line, not by as many as the model wrote.
    const shown = isTerminal && isNewBlock ? text.replace(/^\n+/, "") : text;
    if (output === undefined || shown === "") return;
    if (block !== "reasoning") this.#endReasoning();
    status.clear();
    if (isNewBlock && this.#block !== undefined) {
      // Both may end in one place, as with `2>&1`.
      this.#endLine(this.#options.aside);
      this.#endLine(output);
      if (isTerminal) output.write("\n");
    }
    output.write(isTerminal ? style(withoutControls(shown)) : shown);
    this.#block = block;
    this.#atLineStart.set(output, shown.endsWith("\n"));
  }

  #writeLine(
    block: Block,
    output: AnswerViewOptions["aside"],
    text: string,
    style?: (text: string) => string,
  ): void {
    if (output === undefined) return;
    if (this.#block === block) this.#endLine(output);
    this.#write(block, output, text, style);
    this.#endLine(output);
  }

  #endLine(output: AnswerViewOptions["aside"]): void {
    if (output === undefined || this.#atLineStart.get(output) !== false) return;
    output.write("\n");
    this.#atLineStart.set(output, true);
  }
}

function resultText(content: unknown): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return text.length > RESULT_CHARACTERS ? `${text.slice(0, RESULT_CHARACTERS)}…` : text;
}

/** Tokens and their speed over all the answers of a turn: `48 tokens, 123 tokens/s`. */
export function speedLine(finishes: readonly FinishEvent[]): string {
  const tokens = sum(finishes.map(({ usage }) => usage.completionTokens));
  // The first token of an answer comes out of the prompt; the clock starts with it.
  const steps = sum(finishes.map(({ usage }) => Math.max(0, usage.completionTokens - 1)));
  const seconds = sum(finishes.map(({ timing }) => timing.decodeSeconds));
  const speed = steps > 0 && seconds > 0 ? `, ${Math.round(steps / seconds)} tokens/s` : "";
  return counted(tokens, "token") + speed;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
