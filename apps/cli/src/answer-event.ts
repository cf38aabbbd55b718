import type { ChatResult, ToolRunEvent } from "krait";

/** The whole of an answer, after its events. */
export interface ResultEvent extends ChatResult {
  readonly type: "result";
}

export type AnswerEvent = ToolRunEvent | ResultEvent;

/** The events of an answer, and its result as the last of them. */
export async function* withResult(answer: {
  [Symbol.asyncIterator](): AsyncIterator<ToolRunEvent>;
  result(): Promise<ChatResult>;
}): AsyncGenerator<AnswerEvent, void, undefined> {
  yield* answer;
  yield { type: "result", ...(await answer.result()) };
}
