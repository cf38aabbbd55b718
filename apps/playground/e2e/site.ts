import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** Bytes of each piece of a slow file, one after the other. */
const SLOW_PIECE = 256 * 1024;

/** In a process of its own, since a test's is no place for production. */
async function buildInto(folder: string): Promise<void> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const args = [
    vite,
    "build",
    "--logLevel",
    "error",
    "--minify",
    "false",
    "--emptyOutDir",
    "--outDir",
    folder,
  ];
  await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production" },
  });
}

/** The playground as it is published, on a server of its own that can be made slow, cut short, or taken away. */
export class Site implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Server;
  /** Milliseconds between the pieces of files below `/slow/`. */
  pieceDelay = 0;
  /** Whether connections are dropped, as where there is no network. */
  offline = false;
  /** Of files below `/slow/`, what has been asked for. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async open(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "krait-playground-"));
    await buildInto(folder);
    const site = new Site(folder);
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.offline) return void request.socket.destroy();
    const { pathname } = new URL(request.url!, this.url);
    const isSlow = pathname.startsWith("/slow/");
    // The embedded model, as if it lay elsewhere.
    const name = isSlow ? pathname.replace("/slow/", "/tiny-model/") : pathname.replace(/\/$/, "/index.html");
    const path = join(this.#folder, normalize(name));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return void response.writeHead(404).end();
    const whole = await readFile(path);
    const { range } = request.headers;
    if (isSlow) this.requests.push({ path: pathname, range });
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    const start = Number(from ?? 0);
    const end = to ? Math.min(Number(to) + 1, whole.length) : whole.length;
    response.writeHead(from === undefined ? 200 : 206, {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Content-Type": types[extname(path)] ?? "application/octet-stream",
      "Accept-Ranges": "bytes",
      "Content-Length": end - start,
      ETag: `"${whole.length}"`,
      ...(from !== undefined && { "Content-Range": `bytes ${start}-${end - 1}/${whole.length}` }),
    });
    if (request.method === "HEAD") return void response.end();
    if (!isSlow) return void response.end(whole.subarray(start, end));
    for (let at = start; at < end && !response.destroyed; at += SLOW_PIECE) {
      response.write(whole.subarray(at, Math.min(at + SLOW_PIECE, end)));
      if (this.pieceDelay > 0) await new Promise((resolve) => setTimeout(resolve, this.pieceDelay));
    }
    response.end();
  }
}
