import type { HubFile } from "../storage.ts";
import type { HubClient } from "./hub-client.ts";
import { TransientError, waitForRetry } from "./retry.ts";
import { requestFailed, statusError } from "./status-error.ts";
import { versionOf } from "./version.ts";

/** What a server says of a file: that there is none, or too little for it to be kept and known again. */
export type Probe = HubFile | "absent" | "unsuited";

/**
 * Asks a server for the first byte of a file, and so for its size and {@link versionOf version}.
 *
 * @throws {HubError} when the server refuses or fails.
 */
export async function probeFile(client: HubClient, name: string): Promise<Probe> {
  const { asked, settings } = client;
  for (let failures = 1; ; failures++) {
    try {
      return await probeOnce(client, name);
    } catch (error) {
      await waitForRetry(error, failures, settings.retry, settings.signal).catch((last) => {
        throw last instanceof TransientError ? requestFailed({ ...asked, file: name }, last) : last;
      });
    }
  }
}

async function probeOnce({ asked, settings, request, addressOf }: HubClient, name: string): Promise<Probe> {
  const url = addressOf(name, "");
  const response = await request(url, {
    headers: { range: "bytes=0-0" },
    signal: settings.signal ?? null,
    cache: "no-store", // a cached part would answer for a file that has changed
  });
  const { status, headers } = response;
  // Development servers answer a missing file with their start page.
  const isPage = status === 200 && headers.get("content-type")?.startsWith("text/html");
  if (status === 404 || status === 410 || isPage) {
    await response.body?.cancel();
    return "absent";
  }
  if (!response.ok) throw await statusError(response, { ...asked, file: name });
  await response.body?.cancel();
  const byteLength = Number(/^bytes 0-0\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1]);
  const version = versionOf(response);
  if (status !== 206 || !Number.isSafeInteger(byteLength) || version === undefined) return "unsuited";
  const hex = await sha256Of([url.origin + url.pathname, version, byteLength].join("\n"));
  return { name, byteLength, digest: { algorithm: "version", hex }, version };
}

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
