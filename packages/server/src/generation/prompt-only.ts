import type { ServedEvent, ServedStream } from "../model/served-model.ts";

/**
 * What a model says of a prompt, without the one token that it has to generate for it: nothing of the token is
 * told, counted or billed.
 */
export async function* promptOnly(stream: ServedStream): AsyncGenerator<ServedEvent, void, undefined> {
  for await (const event of stream) {
    if (event.type === "prefill" || event.type === "prompt-logprobs") yield event;
    if (event.type !== "finish") continue;
    const { promptTokens, cachedTokens } = event.usage;
    const usage = { promptTokens, cachedTokens, completionTokens: 0, reasoningTokens: 0 };
    yield { type: "finish", finishReason: "length", usage, choice: event.choice };
  }
}
