import { checkSupport } from "../../generation/check-support.ts";
import { type ChoiceEvent, startGeneration } from "../../generation/start-generation.ts";
import { ApiError, errorBody } from "../../http/api-error.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import { toApiError } from "../../http/known-errors.ts";
import { readJson } from "../../http/read-json.ts";
import { sendEvents } from "../../http/send-events.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { MessageWriter } from "./message-writer.ts";
import { readCountTokens, readMessages } from "./request.ts";

/** `POST /v1/messages` and `/v1/messages/count_tokens`, in the shape of Anthropic's API */
export function messagesRoute(app: App, context: ServerContext): void {
  const { options } = context;
  app.post("/v1/messages", async (c) => {
    const exchange = c.get("exchange");
    const request = readMessages(await readJson(c.req.raw, options));
    const model = findModel(context, request.model);
    checkSupport(model, request.chat, {
      responseFormat: "output_config.format",
      toolChoice: "tool_choice",
      parallelToolCalls: "tool_choice.disable_parallel_tool_use",
      logprobs: "logprobs",
    });
    const events = startGeneration(context, exchange, model, { choicesPerPrompt: 1 }, ({ signal }) =>
      model.chat({ ...request.chat, signal }),
    );
    const writer = new MessageWriter({
      id: `msg_${exchange.id}`,
      model: model.id,
      showsReasoning: request.reasoning.isShown,
    });
    const written = write(writer, events);
    if (!request.stream) {
      for await (const _ of written);
      return Response.json(writer.message);
    }
    return sendEvents(context, exchange, written, (error) => [
      { event: "error", data: errorBody(toApiError(error), "anthropic", `req_${exchange.id}`) },
    ]);
  });

  app.post("/v1/messages/count_tokens", async (c) => {
    const request = readCountTokens(await readJson(c.req.raw, options));
    const { id, text } = findModel(context, request.model);
    if (text === undefined) {
      throw new ApiError("invalid", `The tokens of "${id}" are not known here.`, { code: "unsupported" });
    }
    const { tokens } = await text.renderAsync(request, c.get("exchange").signal);
    return Response.json({ input_tokens: tokens.length });
  });
}

async function* write(
  writer: MessageWriter,
  events: AsyncIterable<ChoiceEvent>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let hasBegun = false;
  for await (const { event } of events) {
    if (!hasBegun) yield* writer.begin(event.type === "prefill" ? event.totalTokens : 0);
    hasBegun = true;
    yield* writer.write(event);
  }
}
