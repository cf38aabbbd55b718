import type { Message } from "@krait/chat-template";
import type { ChatOptions, ChatResult, ChatStream, ToolRun, ToolRunResult } from "krait";
import { type AnswerEvent, withResult } from "../answer-event.ts";
import { ask, type TalkingModel, type ToolSet } from "../tool-set.ts";

export interface ConversationOptions {
  readonly system?: string | undefined;
  readonly tools?: ToolSet | undefined;
  /** Of every answer. */
  readonly answer: ChatOptions;
}

/** A message that holds one decides for itself. */
const SWITCH_WORD = /(?<!\S)\/(?:no_)?think(?!\S)/;

/** What has been said, and how the next answer is to be made. */
export class Conversation {
  /** Whether answers are reasoned; the messages and the template decide when undefined. */
  reasoning: "on" | "off" | undefined;
  tools: ToolSet | undefined;
  readonly #model: TalkingModel;
  readonly #options: ConversationOptions;
  #history: Message[] = [];
  #running: ChatStream | ToolRun | undefined;

  constructor(model: TalkingModel, options: ConversationOptions) {
    this.#model = model;
    this.#options = options;
    this.reasoning = options.answer.reasoning;
    this.tools = options.tools;
    this.reset();
  }

  /** Forgets everything but the system message. */
  reset(): void {
    const { system } = this.#options;
    this.#history = system === undefined ? [] : [{ role: "system", content: system }];
  }

  /** Ends the reasoning of the answer under way. */
  endThinking(): void {
    this.#running?.endThinking();
  }

  /**
   * Answers a message. Both become part of the conversation when the answer is complete; of one that was
   * aborted, what had been said by then. Of one that failed, nothing.
   */
  async *answer(text: string, signal: AbortSignal): AsyncGenerator<AnswerEvent, void, undefined> {
    const user: Message = { role: "user", content: text };
    const reasoning = SWITCH_WORD.test(text) ? undefined : this.reasoning;
    const options: ChatOptions = { ...this.#options.answer, reasoning, signal };
    let said = "";
    try {
      const run = ask(this.#model, [...this.#history, user], options, this.tools);
      this.#running = run;
      for await (const event of withResult(run)) {
        if (event.type === "step") said = "";
        if (event.type === "text-delta") said += event.text;
        if (event.type === "result") this.#history.push(user, ...messagesOf(event));
        yield event;
      }
    } catch (error) {
      if (signal.aborted && said !== "") {
        this.#history.push(user, { role: "assistant", content: said });
      }
      throw error;
    } finally {
      this.#running = undefined;
    }
  }
}

function messagesOf(result: ChatResult | ToolRunResult): readonly Message[] {
  return "messages" in result ? result.messages : [result.message];
}
