import { reasonOf } from "@krait/tensor";
import type { Settings } from "../settings.ts";
import { TransientError, waitForRetry } from "./retry.ts";
import { type Asked, requestFailed, statusError } from "./status-error.ts";

/** Requests about one revision of one model. */
export interface HubClient {
  readonly asked: Asked;
  readonly settings: Settings;
  /** Where the bytes of a file are. */
  addressOf(name: string, commit: string): URL;
  /** One try. The hub's token goes to the hub alone. */
  request(url: URL | string, init: RequestInit): Promise<Response>;
  /** A `fetch` for whole answers of the hub's interface: tried again where a failure may pass, else a `HubError`. */
  readonly fetch: typeof globalThis.fetch;
}

/** The interface is for people in a hurry; a download is not. */
const MOST_API_RETRIES = 3;

/** A listing of ten thousand files takes a few megabytes. */
const MAX_ANSWER_BYTES = 64_000_000;

export function createClient(settings: Settings, model: string, revision: string): HubClient {
  const { endpoint, token, signal, retry, stallMilliseconds } = settings;
  const { origin } = new URL(endpoint);
  const asked: Asked = { endpoint, model, revision, withToken: token !== undefined };

  async function request(url: URL | string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    // A redirect to another origin loses the header: the Fetch standard has it so.
    if (token !== undefined && new URL(url).origin === origin)
      headers.set("authorization", `Bearer ${token}`);
    try {
      return await settings.fetch(url, { ...init, headers });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new TransientError(reasonOf(cause), { cause });
    }
  }

  async function once(url: string, init: RequestInit): Promise<Response> {
    const timeout = AbortSignal.timeout(stallMilliseconds);
    const until = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const response = await request(url, { ...init, signal: until });
    if (!response.ok) throw await statusError(response, asked);
    const body = await wholeBody(response).catch((cause) => {
      signal?.throwIfAborted();
      throw new TransientError(reasonOf(cause), { cause });
    });
    return new Response(body, { status: response.status, headers: response.headers });
  }

  return {
    asked,
    settings,
    addressOf(name, commit) {
      const path = name.split("/").map(encodeURIComponent).join("/");
      return new URL(`${endpoint}/${model}/resolve/${commit}/${path}`);
    },
    request,
    async fetch(input, init = {}) {
      const policy = { ...retry, retries: Math.min(retry.retries, MOST_API_RETRIES) };
      for (let failures = 1; ; failures++) {
        try {
          return await once(String(input), init);
        } catch (error) {
          await waitForRetry(error, failures, policy, signal).catch((last) => {
            throw last instanceof TransientError ? requestFailed(asked, last) : last;
          });
        }
      }
    },
  };
}

/** The same for the files beside a URL that ends in a slash. Its query, such as a signature, goes with each request. */
export function createUrlClient(settings: Settings, model: string, base: URL): HubClient {
  return {
    ...createClient({ ...settings, token: undefined }, model, "its latest version"),
    addressOf(name) {
      const url = new URL(encodeURIComponent(name), base);
      url.search = base.search;
      return url;
    },
  };
}

async function wholeBody(response: Response): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let byteLength = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return new Blob(parts);
    byteLength += value.byteLength;
    if (byteLength > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    }
    parts.push(value);
  }
}
