import type { Message } from "krait";
import { z } from "zod";
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
import { validate } from "../../http/validation.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { type InputItem, type ItemReference, toMessages } from "./input-items.ts";
import type { OutputItem } from "./output-items.ts";
import { readResponses } from "./request.ts";
import { ResponseStore, type StoredResponse } from "./response-store.ts";
import { ResponseWriter } from "./response-writer.ts";
import { idPrefix, page, type StoredItem, storedItem } from "./stored-input.ts";

const pageSchema = z.object({
  id: z.string(),
  order: z.enum(["asc", "desc"]).default("desc"),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().optional(),
});

/** `POST /v1/responses`, `GET` and `DELETE` of `/v1/responses/{id}`, and `GET` of its `input_items` */
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
    const input = request.input.map((item) => resolve(store, item, exchange));
    const history = [...historyOf(store, request.previousId, exchange), ...toMessages(input)];
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
      if (!request.store) return;
      const { previousId } = request;
      keepResponse(store, writer, { input: withIds(store, input, exchange), previousId, history }, exchange);
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
  app.get("/v1/responses/:id/input_items", (c) => {
    const { id, ...asked } = validate(pageSchema, { ...c.req.query(), id: c.req.param("id") });
    const exchange = c.get("exchange");
    return Response.json(page(store.inputOf(found(id, exchange), exchange.client?.key.name), asked));
  });
  app.post("/v1/responses/:id/cancel", (c) => {
    found(c.req.param("id"), c.get("exchange"));
    const message =
      "Only responses in the background can be cancelled, and there are none here; close the connection.";
    throw new ApiError("invalid", message, { code: "unsupported" });
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

/** Those that came back from here keep their ids; all others get one, by which they can be referred to. */
function withIds(store: ResponseStore, items: readonly InputItem[], exchange: Exchange): StoredItem[] {
  const owner = exchange.client?.key.name;
  return items.map((item, index) => {
    const known = item.id == null ? undefined : store.getItem(item.id, owner)?.id;
    return storedItem(item, known ?? `${idPrefix(item)}_${exchange.id}i${index}`);
  });
}

function keepResponse(
  store: ResponseStore,
  writer: ResponseWriter,
  {
    history,
    ...request
  }: Pick<StoredResponse, "input" | "previousId"> & { readonly history: readonly Message[] },
  { client }: Exchange,
): void {
  const { response, output } = writer;
  // A call that broke off is none.
  const isWhole = (item: OutputItem) => item.type !== "function_call" || item.status === "completed";
  const answer = toMessages(output.filter(isWhole));
  store.add({ ...request, response, owner: client?.key.name, messages: [...history, ...answer] });
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
