import { type ChatModel, type LoadModelOptions, loadModel } from "krait";
import { serveModel } from "../src/model/serve-model.ts";
import type { ServedModel } from "../src/model/served-model.ts";
import { type RunningServer, type ServeOptions, serve } from "../src/node/serve.ts";

/** The embedded model behind a server at a port of its own. */
export interface TinyServer extends AsyncDisposable {
  readonly server: RunningServer;
  readonly model: ServedModel;
  readonly loaded: ChatModel;
  /** Sends JSON. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

export async function startTiny(
  options: ServeOptions = {},
  loading: LoadModelOptions = {},
): Promise<TinyServer> {
  const loaded = await loadModel(undefined, loading);
  const model = serveModel(loaded, { id: "tiny" });
  const server = await serve([model], { port: 0, defaultMaxTokens: 256, ...options });
  return {
    server,
    ...{ model, loaded },
    post: (path, body, init) => postJson(server.url + path, body, init),
    async [Symbol.asyncDispose]() {
      await server.close({ graceSeconds: 0 });
      await loaded[Symbol.asyncDispose]();
    },
  };
}

export function postJson(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
}

export interface SentEvent {
  readonly event: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they please
  readonly data: any;
}

/** The events of a stream: name and data, as JSON where it is some. */
export async function readEvents(response: Response): Promise<SentEvent[]> {
  const blocks = (await response.text()).split("\n\n").filter((block) => /^(event|data):/m.test(block));
  return blocks.map((block) => {
    const data = /^data: (.*)$/m.exec(block)![1]!;
    return { event: /^event: (.*)$/m.exec(block)?.[1], data: data === "[DONE]" ? data : JSON.parse(data) };
  });
}
