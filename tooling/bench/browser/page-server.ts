import { createReadStream, readdirSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../../../packages/", import.meta.url));
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Of a page that may share memory among its threads. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

/** Answers a request that no file answers; false when it is none of its paths. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Serves folders and files by path, in ranges where they are asked for, and a page at `/` that loads one
 * script with Krait's built packages at hand.
 */
export async function servePage(
  script: string,
  files: Readonly<Record<string, string>>,
  handle: Handler,
): Promise<{ readonly url: string; readonly server: Server }> {
  const paths = { "/packages/": packages, "/page/": fileURLToPath(new URL("./", import.meta.url)), ...files };
  const server = createServer((request, response) => {
    if (handle(request, response)) return;
    if (request.url === "/") {
      response.writeHead(200, { ...isolation, "Content-Type": "text/html" }).end(html(script));
      return;
    }
    sendFile(request, response, fileAt(request.url!, paths));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

/** A page whose script is not loaded, or throws while it is, would never ask for a question. */
const tellError = `addEventListener("error", ({ message, target }) => {
  const error = message ?? "not loaded: " + target.src;
  fetch("/answer", { method: "POST", body: JSON.stringify({ error }) });
}, true);`;

function html(script: string): string {
  const imports = Object.fromEntries(
    readdirSync(packages).map((name) => [`@krait/${name}`, `/packages/${name}/dist/index.js`]),
  );
  return `<!doctype html><title>bench</title>
<script>${tellError}</script>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/page/${script}"></script>`;
}

/** The file of a URL's path: `paths` has whole files, and folders by a path that ends with a slash. */
function fileAt(path: string, paths: Readonly<Record<string, string>>): string | undefined {
  const place = Object.keys(paths).find((each) =>
    each.endsWith("/") ? path.startsWith(each) : path === each,
  );
  if (place === undefined) return undefined;
  return place.endsWith("/") ? join(paths[place]!, normalize(path.slice(place.length - 1))) : paths[place];
}

function sendFile(request: IncomingMessage, response: ServerResponse, path: string | undefined): void {
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path === undefined || !stats?.isFile()) {
    response.writeHead(404, isolation).end();
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = to ? Math.min(Number(to), stats.size - 1) : stats.size - 1;
  const headers = {
    ...isolation,
    "Accept-Ranges": "bytes",
    "Content-Type": types[extname(path)] ?? "application/octet-stream",
    "Content-Length": end - start + 1,
    ...(from !== undefined && { "Content-Range": `bytes ${start}-${end}/${stats.size}` }),
  };
  response.writeHead(from === undefined ? 200 : 206, headers);
  if (request.method === "HEAD") response.end();
  else createReadStream(path, { start, end }).pipe(response);
}
