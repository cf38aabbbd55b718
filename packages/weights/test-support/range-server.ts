import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RangeServer extends AsyncDisposable {
  readonly url: URL;
  /** Path with query, and Range header, of each request so far. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  /** Answers that are neither complete nor given up by the client. */
  readonly pending: number;
}

/** Returns true when it has answered the request itself. */
export type Answer = (request: IncomingMessage, response: ServerResponse, file: Uint8Array) => boolean;

/** A server on this machine that answers Range requests as RFC 9110 says, save where `answer` steps in. */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array>>,
  answer: Answer = () => false,
): Promise<RangeServer> {
  const requests: RangeServer["requests"] = [];
  let pending = 0;
  const server = createServer((request, response) => {
    requests.push({ path: request.url!, range: request.headers.range });
    pending++;
    response.on("close", () => pending--);
    const file = files[decodeURIComponent(new URL(request.url!, "http://localhost").pathname.slice(1))];
    if (answer(request, response, file ?? new Uint8Array())) return;
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range === null) {
      response.writeHead(200, { "content-length": file.byteLength }).end(file);
      return;
    }
    const start = Number(range[1]);
    const end = Math.min(Number(range[2]) + 1, file.byteLength);
    if (start >= file.byteLength) {
      response.writeHead(416, { "content-range": `bytes */${file.byteLength}` }).end();
      return;
    }
    response
      .writeHead(206, {
        "content-length": end - start,
        "content-range": `bytes ${start}-${end - 1}/${file.byteLength}`,
      })
      .end(file.subarray(start, end));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    requests,
    get pending() {
      return pending;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
