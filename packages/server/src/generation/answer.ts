import { randomId } from "../exchange.ts";
import type { ServedEvent, TokenLikelihood } from "../model/served-model.ts";

type FinishEvent = Extract<ServedEvent, { type: "finish" }>;

export interface AnsweredCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** Adds up the events of one answer. */
export class Answer {
  text = "";
  reasoning = "";
  readonly calls: AnsweredCall[] = [];
  readonly tokens: TokenLikelihood[] = [];
  finish: FinishEvent | undefined;

  add(event: ServedEvent): void {
    if (event.type === "text-delta") this.text += event.text;
    else if (event.type === "reasoning-delta") this.reasoning += event.text;
    else if (event.type === "tool-call-end") {
      this.calls.push({ id: callId(), name: event.name, arguments: event.arguments });
    } else if (event.type === "token" && event.chosen !== undefined) {
      this.tokens.push({ chosen: event.chosen, top: event.top ?? [] });
    } else if (event.type === "finish") this.finish = event;
  }
}

export function callId(): string {
  return `call_${randomId()}`;
}
