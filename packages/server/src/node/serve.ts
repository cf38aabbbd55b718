import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { createHandler, type Handler } from "../handler.ts";
import { accessKeysOf, type HandlerOptions } from "../handler-options.ts";
import { ApiError } from "../http/api-error.ts";
import type { ServedModel } from "../model/served-model.ts";
import { isLoopback, withKnownHost } from "./loopback.ts";

export interface ServeOptions extends Omit<HandlerOptions, "drain" | "abort"> {
  /** The address to listen at; `127.0.0.1` unless given. Any but this machine's own needs keys. */
  readonly host?: string | undefined;
  /** 8080 unless given; 0 takes one that is free. */
  readonly port?: number | undefined;
  /** For a request's head to arrive; 10 unless given. */
  readonly headTimeoutSeconds?: number | undefined;
  /** Connections at once; 4096 unless given. */
  readonly maxConnections?: number | undefined;
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** What answers the requests. */
  readonly handler: Handler;
  /**
   * Takes no more work, waits for what is under way, and ends that, too, when it is not done by then.
   *
   * @param graceSeconds - how long to wait; 30 unless given.
   */
  close(options?: { readonly graceSeconds?: number }): Promise<void>;
}

/**
 * Serves models over HTTP.
 *
 * @throws {TypeError} when other machines could reach it and it has no keys, or keys that are not what they should
 *   be; whatever listening throws.
 */
export async function serve(
  models: readonly ServedModel[],
  options: ServeOptions = {},
): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 8080, headTimeoutSeconds = 10, maxConnections = 4096 } = options;
  const { bodyTimeoutSeconds = 30, ...rest } = options;
  const keys = accessKeysOf(options);
  await keys.ready();
  if (keys.isOpen && !isLoopback(host)) {
    throw new TypeError(
      `Other machines can reach ${host}, so a server there needs keys. Give some, or listen at 127.0.0.1.`,
    );
  }
  const drain = new AbortController();
  const abort = new AbortController();
  const made = createHandler(models, {
    ...{ ...rest, bodyTimeoutSeconds, keys },
    drain: drain.signal,
    abort: abort.signal,
  });
  const handler = keys.isOpen ? withKnownHost(made) : made;
  const server = createAdaptorServer({
    fetch: handler,
    overrideGlobalObjects: false,
    createServer,
    serverOptions: {
      headersTimeout: 1000 * headTimeoutSeconds,
      // The handler answers a body that is too slow; this is for what does not even listen to that.
      requestTimeout: 1000 * (headTimeoutSeconds + bodyTimeoutSeconds + 5),
      connectionsCheckingInterval: 1000,
    },
  }) as Server;
  server.maxConnections = maxConnections;
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  await listen(server, host, port);
  const address = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  const close = async (graceSeconds: number): Promise<void> => {
    drain.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Connections that become idle later are not closed by themselves, and those on which nothing has come yet,
    // such as browsers and proxies open ahead, are none of Node's idle ones.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    }, 50);
    const timer = setTimeout(() => {
      abort.abort(new ApiError("overloaded", "This server has ended.", { code: "shutting_down" }));
      // Time for the streams to tell their clients, on a machine that is busy elsewhere, too.
      setTimeout(() => server.closeAllConnections(), 2000).unref();
    }, 1000 * graceSeconds);
    try {
      await closed;
    } finally {
      clearTimeout(timer);
      clearInterval(sweep);
    }
  };
  const end = (graceSeconds: number): Promise<void> => {
    closing ??= close(graceSeconds);
    return closing;
  };
  return {
    host: address.address,
    port: address.port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    handler,
    close: ({ graceSeconds = 30 } = {}) => end(graceSeconds),
    [Symbol.asyncDispose]: () => end(0),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
