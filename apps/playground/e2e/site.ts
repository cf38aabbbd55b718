import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { inject } from "vitest";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** The playground on a server of its own, which can be taken away. */
export class Site implements AsyncDisposable {
  readonly #server: Server;
  /** Whether connections are dropped, as where there is no network. */
  offline = false;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async open(): Promise<Site> {
    const site = new Site();
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.offline) return void request.socket.destroy();
    const { pathname } = new URL(request.url!, this.url);
    const path = join(inject("siteFolder"), normalize(pathname.replace(/\/$/, "/index.html")));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return void response.writeHead(404).end();
    const whole = await readFile(path);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const start = Number(from ?? 0);
    const end = to ? Math.min(Number(to) + 1, whole.length) : whole.length;
    response.writeHead(from === undefined ? 200 : 206, {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Content-Type": types[extname(path)] ?? "application/octet-stream",
      "Accept-Ranges": "bytes",
      "Content-Length": end - start,
      ...(from !== undefined && { "Content-Range": `bytes ${start}-${end - 1}/${whole.length}` }),
    });
    response.end(request.method === "HEAD" ? undefined : whole.subarray(start, end));
  }
}
