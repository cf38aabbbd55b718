import { z } from "zod";
import { createBatchSchema } from "../batches/batches-route.ts";
import { reasoningSchema } from "../generation/reasoning-options.ts";
import { samplingSchema } from "../generation/sampling-options.ts";
import { structuredFormatSchema } from "../generation/structured-format.ts";
import type { App } from "../server-context.ts";
import { chatCompletionsSchema } from "./chat-completions/request.ts";
import { completionsSchema } from "./completions/request.ts";
import { countTokensSchema, messagesSchema } from "./messages/request.ts";
import { responsesSchema } from "./responses/request.ts";
import { applyTemplateSchema, detokenizeSchema, tokenizeSchema } from "./tokens.ts";

/** `GET /openapi.json`: the requests, from the very schemas that check them. */
export function openApiRoute(app: App): void {
  let document: object | undefined;
  app.get("/openapi.json", () => {
    document ??= openApiDocument();
    return Response.json(document);
  });
}

interface Operation {
  readonly method: "get" | "post" | "delete";
  readonly path: string;
  readonly summary: string;
  /** All of these hold for the body. */
  readonly body?: readonly z.ZodType[];
  /** Of the body; JSON unless given. */
  readonly mediaType?: string;
  readonly isOpen?: boolean;
}

const uploadSchema = z.object({ purpose: z.literal("batch"), file: z.string().meta({ format: "binary" }) });

const operations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/chat/completions",
    summary: "Answer a conversation (OpenAI)",
    body: [reasoningSchema, chatCompletionsSchema, structuredFormatSchema, samplingSchema],
  },
  {
    method: "post",
    path: "/v1/completions",
    summary: "Continue a text (OpenAI)",
    body: [completionsSchema, structuredFormatSchema, samplingSchema],
  },
  {
    method: "post",
    path: "/v1/responses",
    summary: "Answer a conversation (OpenAI, Open Responses)",
    body: [responsesSchema, samplingSchema, reasoningSchema],
  },
  {
    method: "post",
    path: "/v1/messages",
    summary: "Answer a conversation (Anthropic)",
    body: [messagesSchema, samplingSchema, reasoningSchema],
  },
  {
    method: "post",
    path: "/v1/messages/count_tokens",
    summary: "Count a conversation's tokens (Anthropic)",
    body: [countTokensSchema, reasoningSchema],
  },
  { method: "get", path: "/v1/responses/{id}", summary: "A response that is kept" },
  { method: "delete", path: "/v1/responses/{id}", summary: "Forget a response" },
  { method: "post", path: "/v1/responses/{id}/cancel", summary: "Nothing: none run in the background" },
  { method: "get", path: "/v1/responses/{id}/input_items", summary: "What a response was made from" },
  { method: "get", path: "/v1/models", summary: "The models that there are" },
  { method: "get", path: "/v1/models/{id}", summary: "One of them" },
  { method: "post", path: "/v1/embeddings", summary: "Nothing: these models have none, which it says" },
  {
    method: "post",
    path: "/v1/files",
    summary: "Upload a file of requests",
    body: [uploadSchema],
    mediaType: "multipart/form-data",
  },
  { method: "get", path: "/v1/files", summary: "The files that there are" },
  { method: "get", path: "/v1/files/{id}", summary: "One of them" },
  { method: "get", path: "/v1/files/{id}/content", summary: "What is in it" },
  { method: "delete", path: "/v1/files/{id}", summary: "Delete a file" },
  {
    method: "post",
    path: "/v1/batches",
    summary: "Have all requests of a file answered",
    body: [createBatchSchema],
  },
  { method: "get", path: "/v1/batches", summary: "The batches that there are" },
  { method: "get", path: "/v1/batches/{id}", summary: "How far one is" },
  { method: "post", path: "/v1/batches/{id}/cancel", summary: "Stop a batch" },
  {
    method: "post",
    path: "/tokenize",
    summary: "Text, or a conversation, to tokens",
    body: [tokenizeSchema, reasoningSchema],
  },
  { method: "post", path: "/detokenize", summary: "Tokens to text", body: [detokenizeSchema] },
  {
    method: "post",
    path: "/apply-template",
    summary: "A conversation to the prompt that the model reads",
    body: [reasoningSchema, applyTemplateSchema, chatCompletionsSchema],
  },
  { method: "get", path: "/health", summary: "Whether the server answers", isOpen: true },
  { method: "get", path: "/ready", summary: "Whether it takes work", isOpen: true },
  { method: "get", path: "/metrics", summary: "What it has done, for Prometheus" },
  { method: "get", path: "/openapi.json", summary: "This document", isOpen: true },
];

export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, summary, body, mediaType = "application/json", isOpen } of operations) {
    paths[path] = {
      ...paths[path],
      [method]: {
        summary,
        ...(isOpen && { security: [] }),
        ...(body && {
          requestBody: { required: true, content: { [mediaType]: { schema: bodySchema(body) } } },
        }),
        ...(path.includes("{id}") && {
          parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        }),
        responses: {
          "200": { description: "Done" },
          ...(method === "post" && {
            default: { description: "An error, as an object with message and code" },
          }),
        },
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Krait", version: "1" },
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
  };
}

/** The fields of several schemas in one; where two have the same field, it is the later one's. */
function bodySchema(schemas: readonly z.ZodType[]): object {
  const parts = schemas.map((schema) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => required ?? []),
  };
}
