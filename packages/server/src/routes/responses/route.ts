import type { Message } from "krait";
import type { Exchange } from "../../exchange.ts";
import { checkSupport } from "../../generation/check-support.ts";
import { reasoningOfReply } from "../../generation/reply-start.ts";
import { type ChoiceEvent, startGeneration } from "../../generation/start-generation.ts";
import { inCallOrder } from "../../generation/tool-results.ts";
import { ApiError, unsupported } from "../../http/api-error.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import { toApiError } from "../../http/known-errors.ts";
import { readJson } from "../../http/read-json.ts";
import { sendEvents } from "../../http/send-events.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { type InputItem, type ItemReference, toMessages } from "./input-items.ts";
import type { OutputItem } from "./output-items.ts";
import { readResponses } from "./request.ts";
import { ResponseStore } from "./response-store.ts";
import { ResponseWriter } from "./response-writer.ts";

/** `POST /v1/responses`, and `GET` and `DELETE` of `/v1/responses/{id}` */
export function responsesRoute(app: App, context: ServerContext): void {
  const { options } = context;
  const store = new ResponseStore(options.maxStoredResponses, options.maxStoredBytes);

  app.post("/v1/responses", async (c) => {
    const exchange = c.get("exchange");
    const request = readResponses(await readJson(c.req.raw, options));
    const model = findModel(context, request.model);
    checkSupport(model, request.chat, {
      responseFormat: "text.format",
      toolChoice: "tool_choice",
      parallelToolCalls: "parallel_tool_calls",
      logprobs: "include",
    });
    const input = toMessages(request.input.map((item) => resolve(store, item, exchange)));
    const history = [...historyOf(store, request.previousId, exchange), ...input];
    const maxTokens = request.chat.maxTokens ?? options.defaultMaxTokens;
    const messages = inCallOrder([...request.instructions, ...history]);
    const reasoning = reasoningOfReply(messages, request.chat, "input");
    const events = startGeneration(context, exchange, model, { choicesPerPrompt: 1 }, ({ signal }) =>
      model.chat({ ...request.chat, messages, reasoning, maxTokens, signal }),
    );
    const writer = new ResponseWriter(
      {
        id: `resp_${exchange.id}`,
        created_at: Math.floor(Date.now() / 1000),
        model: model.id,
        repeated: request.repeated,
        showsReasoning: request.reasoning.isShown,
        logprobs: request.logprobs,
      },
      exchange.id,
    );
    const keep = (): void => {
      if (request.store) keepResponse(store, writer, history, exchange);
    };
    const written = write(writer, events, keep);
    if (!request.stream) {
      for await (const _ of written);
      return Response.json(writer.response);
    }
    return sendEvents(context, exchange, written, (error) => {
      const { code, message, kind } = toApiError(error);
      return [writer.fail({ code: code ?? kind, message })];
    });
  });

  const found = (id: string, { client }: Exchange) =>
    store.get(id, client?.key.name) ?? unknownResponse("missing", id);
  app.get("/v1/responses/:id", (c) => {
    if (c.req.query("stream") === "true") {
      unsupported("stream", "a response that has ended is not streamed again.");
    }
    return Response.json(found(c.req.param("id"), c.get("exchange")).response);
  });
  app.delete("/v1/responses/:id", (c) => {
    const { response } = found(c.req.param("id"), c.get("exchange"));
    store.remove(response.id, c.get("exchange").client?.key.name);
    return Response.json({ id: response.id, object: "response", deleted: true });
  });
}

async function* write(
  writer: ResponseWriter,
  events: AsyncIterable<ChoiceEvent>,
  onEnd: () => void,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let hasBegun = false;
  for await (const { event } of events) {
    if (!hasBegun) yield* writer.begin();
    hasBegun = true;
    const written = [...writer.write(event)];
    // Kept before the client hears of the end, as it may go on from it at once.
    if (event.type === "finish") onEnd();
    yield* written;
  }
}

function historyOf(store: ResponseStore, id: string | undefined, { client }: Exchange): readonly Message[] {
  if (id === undefined) return [];
  return (store.get(id, client?.key.name) ?? unknownResponse("invalid", id)).messages;
}

/** @throws {ApiError} `missing` for a reference to nothing that is kept. */
function resolve(store: ResponseStore, item: InputItem | ItemReference, { client }: Exchange): InputItem {
  if (item.type !== "item_reference") return item;
  const found = store.getItem(item.id, client?.key.name);
  if (found !== undefined) return found;
  throw new ApiError(
    "missing",
    `Item with id '${item.id}' not found. Only those of the latest responses that were stored are kept.`,
    { code: "item_not_found", param: "input" },
  );
}

function keepResponse(
  store: ResponseStore,
  writer: ResponseWriter,
  history: readonly Message[],
  { client }: Exchange,
): void {
  const { response, output } = writer;
  // A call that broke off is none.
  const isWhole = (item: OutputItem) => item.type !== "function_call" || item.status === "completed";
  const answer = toMessages(output.filter(isWhole));
  store.add({ response, owner: client?.key.name, messages: [...history, ...answer] });
}

function unknownResponse(kind: "missing" | "invalid", id: string): never {
  throw new ApiError(
    kind,
    `There is no response "${id}". Only the latest are kept, and none over a restart.`,
    {
      code: "previous_response_not_found",
      param: kind === "invalid" ? "previous_response_id" : undefined,
    },
  );
}
