import { Hono } from "hono";
import { expect, test } from "vitest";
import { resolveOptions } from "../handler-options.ts";
import type { App, ServerContext } from "../server-context.ts";
import { routes } from "./all-routes.ts";
import { openApiDocument } from "./openapi.ts";

test("the OpenAPI document has every route, and no other", () => {
  const app: App = new Hono();
  const context = { models: [], options: resolveOptions({}) } as unknown as ServerContext;
  for (const add of routes) add(app, context);
  const served = app.routes.map(({ method, path }) => {
    return `${method.toLowerCase()} ${path.replace(/:id(\{\.\+\})?/, "{id}")}`;
  });
  const { paths } = openApiDocument() as { paths: Record<string, object> };
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(told.sort()).toEqual(served.sort());
});

test("it has the body of everything that is posted and has one", () => {
  const { paths } = openApiDocument() as { paths: Record<string, { post?: { requestBody?: object } }> };
  const without = Object.keys(paths).filter((path) => paths[path]!.post && !paths[path]!.post.requestBody);
  expect(without).toEqual(["/v1/responses/{id}/cancel", "/v1/embeddings", "/v1/batches/{id}/cancel"]);
});

test("it has what holds an answer to a structure, by every name", () => {
  const { paths } = openApiDocument() as {
    paths: Record<
      string,
      { post: { requestBody: { content: Record<string, { schema: { properties: object } }> } } }
    >;
  };
  for (const path of ["/v1/chat/completions", "/v1/completions"]) {
    const { properties } = paths[path]!.post.requestBody.content["application/json"]!.schema;
    for (const name of ["response_format", "structured_outputs", "guided_json", "guided_regex"]) {
      expect(properties).toHaveProperty(name);
    }
  }
});

test("it has the variables of the template with all that is read from them", () => {
  const text = JSON.stringify((openApiDocument() as { paths: object }).paths);
  expect(
    text.match(/"chat_template_kwargs":.{0,900}?"enable_thinking".{0,900}?"continue_final_message"/g),
  ).toHaveLength(2);
});
