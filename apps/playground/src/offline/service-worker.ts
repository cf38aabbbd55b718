import { withIsolation } from "./isolation.ts";
import { partOf } from "./range.ts";

/** Filled in by the build: every file of the page, and a version that changes with any of them. */
declare const __KRAIT_PRECACHE__: { readonly version: string; readonly files: readonly string[] };

/** The part of a service worker's scope that is used here; TypeScript has it only for programs that are nothing else. */
interface Scope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Waiting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}

interface Waiting {
  waitUntil(promise: Promise<unknown>): void;
}

interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const scope = self as unknown as Scope;
const { version, files } = __KRAIT_PRECACHE__;
const prefix = "krait-playground-";
const cacheName = `${prefix}${version}`;
const base = new URL("./", scope.location.href);

scope.addEventListener("install", (event) => {
  event.waitUntil(install());
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === "GET" && url.origin === base.origin) event.respondWith(answer(request, url));
});

async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  // The browser's own cache may hold files of another version by the same names.
  await cache.addAll(files.map((file) => new Request(new URL(file, base), { cache: "no-cache" })));
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** From the cache what the page is made of; from the network all else. */
async function answer(request: Request, url: URL): Promise<Response> {
  const isPage =
    request.mode === "navigate" && (url.href === base.href || url.pathname.endsWith("/index.html"));
  const cache = await caches.open(cacheName);
  const cached = await cache.match(isPage ? new URL("index.html", base).href : url.href);
  if (cached === undefined && isOfEmbeddedModel(url)) {
    // Its loader asks for files that a model may have and this one has not: the answer needs no network.
    return withIsolation(new Response(null, { status: 404 }));
  }
  if (cached === undefined) {
    const response = await fetch(request);
    return response.type === "opaque" || response.type === "opaqueredirect"
      ? response
      : withIsolation(response);
  }
  const range = request.headers.get("Range");
  return withIsolation(range === null ? cached : await partOf(cached, range));
}

function isOfEmbeddedModel({ pathname }: URL): boolean {
  return pathname.startsWith(new URL("tiny-model/", base).pathname);
}
