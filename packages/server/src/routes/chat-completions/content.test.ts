import { expect, test } from "vitest";
import { readEvents } from "../../../test-support/running-server.ts";
import { createHandler } from "../../handler.ts";
import type { ServedEvent, ServedModel } from "../../model/served-model.ts";

const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 };
const text = (content: string): ServedEvent => ({ type: "text-delta", text: content });
const call: ServedEvent[] = [
  { type: "tool-call-start", index: 0, name: "look" },
  { type: "tool-call-delta", index: 0, text: '{"at":' },
  { type: "tool-call-delta", index: 0, text: "1}" },
  { type: "tool-call-end", index: 0, name: "look", arguments: '{"at":1}' },
];

/** A model that gives these events, whatever it is asked. */
function scripted(events: readonly ServedEvent[], finishReason: "stop" | "tool-calls"): ServedModel {
  return {
    id: "scripted",
    created: 0,
    supports: { structuredOutput: false, toolChoice: false, logprobs: false },
    async *chat() {
      yield* events;
      yield { type: "finish", finishReason, usage };
    },
    complete() {
      throw new Error("This model only chats.");
    },
  };
}

test.each<[string, ServedEvent[], string | null, number]>([
  ["text", [text("Hel"), text("lo")], "Hello", 0],
  ["nothing", [], "", 0],
  ["a call", call, null, 1],
  ["text and a call", [text("Let me look."), ...call], "Let me look.", 1],
  [
    "a call that broke off",
    [...call.slice(0, 2), { type: "tool-call-abort", index: 0 }, text("[{")],
    "[{",
    0,
  ],
])(
  "of %s the content is what text there was, and null only where a call stands instead",
  async (_, events, content, calls) => {
    const handler = createHandler([scripted(events, calls > 0 ? "tool-calls" : "stop")]);
    const ask = (more: object) =>
      handler(
        new Request("http://localhost/v1/chat/completions", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ messages: [{ role: "user", content: "Hello!" }], ...more }),
        }),
      );
    const { choices } = (await (await ask({})).json()) as { choices: { message: Record<string, unknown> }[] };
    const { message } = choices[0]!;
    expect(message.content).toBe(content);
    expect((message.tool_calls as unknown[] | undefined)?.length ?? 0).toBe(calls);
    const deltas = (await readEvents(await ask({ stream: true })))
      .flatMap(({ data }) => data.choices ?? [])
      .map(({ delta }: { delta: { content?: string } }) => delta.content ?? "");
    expect(deltas.join("")).toBe(content ?? "");
  },
);
