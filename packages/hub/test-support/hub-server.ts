import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A repository of the test hub; files that end in `.safetensors` or `.gguf` are large ones, which a second server sends. */
export interface TestRepository {
  readonly id: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly commit?: string;
}

export interface HubRequest {
  readonly server: "hub" | "cdn";
  readonly path: string;
  /** Bytes `[start, end)` that were asked for. */
  readonly range: readonly [start: number, end: number] | undefined;
  readonly authorization: string | undefined;
}

export interface HubServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly HubRequest[];
  /** Those for the content of a file. */
  contentRequests(name?: string): HubRequest[];
}

/**
 * Answers a request for a file's content instead of the server, and returns true if it did.
 *
 * @param body - the bytes that were asked for.
 */
export type Answer = (request: HubRequest, response: ServerResponse, body: Uint8Array) => boolean;

export const commitA = "a".repeat(40);
export const commitB = "b".repeat(40);

/** The hub's interface on one port of this machine, and its content server on another. */
export async function serveHub(
  repositories: readonly TestRepository[],
  answer: Answer = () => false,
): Promise<HubServer> {
  const requests: HubRequest[] = [];
  const find = (path: string) => repositories.find(({ id }) => path.startsWith(`${id}/`) || path === id);

  const cdn = await listen((request, response) => {
    requests.push(request);
    const file = find(request.path.slice(1));
    const bytes = file?.files[request.path.slice(file.id.length + 2).split("?")[0]!];
    if (bytes === undefined) response.writeHead(404).end();
    else sendFile(request, response, bytes, answer);
  }, "cdn");

  const hub = await listen((request, response) => {
    requests.push(request);
    const [, api, path = ""] = /^(\/api\/models)?\/(.*?)(?:\?.*)?$/.exec(request.path) ?? [];
    const repository = find(path);
    const { id, files } = repository ?? { id: "", files: {} };
    const rest = path.slice(id.length + 1);
    const name = decodeURIComponent(rest.replace(/^resolve\/[^/]*\//, ""));
    const bytes = files[name];
    if (repository === undefined) fail(response, 404, "RepoNotFound");
    else if (api !== undefined) sendApi(response, repository, rest);
    else if (bytes === undefined) fail(response, 404, "EntryNotFound");
    else if (!isLarge(name)) sendFile(request, response, bytes, answer);
    else response.writeHead(302, { location: `${cdn.origin}/${id}/${name}?signature=secret` }).end();
  }, "hub");

  return {
    endpoint: hub.origin,
    requests,
    contentRequests: (name = "") =>
      requests.filter((it) => it.range !== undefined && it.path.split("?")[0]!.endsWith(name)),
    async [Symbol.asyncDispose]() {
      for (const { server } of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

/** What git calls a file. */
export function gitDigest(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function isLarge(name: string): boolean {
  return /\.(safetensors|gguf)$/.test(name);
}

function sendApi(
  response: ServerResponse,
  { id, files, commit = commitA }: TestRepository,
  path: string,
): void {
  const [what, revision = ""] = path.split("/").map(decodeURIComponent);
  if (revision !== "main" && revision !== commit) {
    fail(response, 404, "RevisionNotFound");
    return;
  }
  const entries = Object.entries(files).map(([name, bytes]) => ({
    type: "file",
    path: name,
    oid: gitDigest(bytes),
    size: bytes.byteLength,
    ...(isLarge(name) && { lfs: { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 134 } }),
  }));
  const folder = { type: "directory", path: "folder", oid: commit, size: 0 };
  const json = what === "tree" ? [folder, ...entries] : { _id: "1", id, sha: commit, private: false };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(json));
}

function sendFile(request: HubRequest, response: ServerResponse, bytes: Uint8Array, answer: Answer): void {
  const [start, end] = request.range ?? [0, bytes.byteLength];
  const body = bytes.subarray(start, end);
  if (answer(request, response, body)) return;
  const headers = {
    "content-range": `bytes ${start}-${start + body.byteLength - 1}/${bytes.byteLength}`,
    "content-length": body.byteLength,
    etag: `"${bytes.byteLength}-${bytes[0]}"`,
  };
  if (request.range === undefined) response.writeHead(200).end(bytes);
  else response.writeHead(206, headers).end(body);
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "x-error-code": code }).end();
}

/** As the hub and its content servers answer pages of other origins. */
const crossOrigin = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, range",
  "access-control-expose-headers": "x-error-code, etag, link, accept-ranges, content-range",
};

async function listen(
  handle: (request: HubRequest, response: ServerResponse) => void,
  name: HubRequest["server"],
): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer(({ url, headers, method }, response) => {
    for (const [name, value] of Object.entries(crossOrigin)) response.setHeader(name, value);
    if (method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const range = start === undefined ? undefined : ([Number(start), Number(last) + 1] as const);
    handle({ server: name, path: url!, range, authorization: headers.authorization }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
