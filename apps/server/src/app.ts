import { createHandler, loadModel, serveModel } from "@krait/server";
import { Hono } from "hono";
import { page } from "./page.ts";

/** A site of one's own: its page, and the model's API beside it, under the same roof. */
export interface App extends AsyncDisposable {
  fetch(request: Request): Promise<Response>;
}

export async function createApp(): Promise<App> {
  const model = await loadModel(); // the embedded tiny model; give a folder or "org/name" for another
  const handler = createHandler([serveModel(model, { id: "tiny" })], { defaultMaxTokens: 512 });

  const app = new Hono();
  app.get("/", (c) => c.html(page));
  app.all("/v1/*", (c) => handler(c.req.raw));

  return {
    fetch: async (request) => app.fetch(request),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}
