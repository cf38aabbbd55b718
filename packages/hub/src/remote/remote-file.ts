import { reasonOf } from "@krait/tensor";
import { HubError } from "../hub-error.ts";
import type { HubFile } from "../storage.ts";
import { type ChunkReader, readerOf } from "./chunk-reader.ts";
import type { HubClient } from "./hub-client.ts";
import { TransientError } from "./retry.ts";
import { type Asked, statusError } from "./status-error.ts";
import { versionOf } from "./version.ts";

/** The server answered with the whole file to a request for a part of it. */
export class RangeIgnoredError extends Error {}

/** A file at the hub, or wherever the hub redirects to. */
export class RemoteFile {
  readonly #client: HubClient;
  readonly #file: HubFile;
  readonly #address: URL;
  readonly #asked: Asked;
  /** Signed, and good for some time: asked once, not for every range. */
  #redirected: string | undefined;

  constructor(client: HubClient, commit: string, file: HubFile) {
    this.#client = client;
    this.#file = file;
    this.#address = client.addressOf(file.name, commit);
    this.#asked = { ...client.asked, file: file.name };
  }

  /** What errors are about. */
  get asked(): Asked {
    return this.#asked;
  }

  /**
   * The bytes `[start, end)` in order, as the network brings them; one try. A chunk is good until the next is
   * asked for.
   *
   * @throws {TransientError} when the try may be repeated from where it ended.
   * @throws {RangeIgnoredError} before the first byte, when only the whole file can be had.
   * @throws {HubError} when the hub refuses, or answers with something else.
   */
  async *chunks(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { stallMilliseconds } = this.#client.settings;
    const stalled = new AbortController();
    const watch = () =>
      setTimeout(
        () => stalled.abort(new Error(`nothing came for ${stallMilliseconds / 1000} s`)),
        stallMilliseconds,
      );
    let timer = watch();
    let reader: ChunkReader | undefined;
    try {
      const response = await this.#ask(start, end, AbortSignal.any([signal, stalled.signal]));
      reader = response.body === null ? undefined : readerOf(response.body);
      let received = 0;
      for (;;) {
        const value = await reader?.read();
        if (value === undefined) break;
        clearTimeout(timer);
        received += value.byteLength;
        if (received > end - start) throw this.#invalid(`sent more than the ${end - start} bytes asked for`);
        yield value;
        timer = watch(); // not before: a slow disk is no slow network
      }
      if (received < end - start)
        throw new TransientError(`it ended after ${received} of ${end - start} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HubError || error instanceof TransientError || error instanceof RangeIgnoredError)
        throw error;
      throw new TransientError(reasonOf(stalled.signal.aborted ? stalled.signal.reason : error), {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      await reader?.cancel().catch(() => {});
    }
  }

  async #ask(start: number, end: number, signal: AbortSignal): Promise<Response> {
    // Bytes as they are stored: a compressed answer could not be resumed.
    const headers = { range: `bytes=${start}-${end - 1}`, "accept-encoding": "identity" };
    const response = await this.#client.request(this.#redirected ?? this.#address, { headers, signal });
    if (response.status === 206) {
      await this.#checkRange(response, start, end);
      const isElsewhere = response.redirected && new URL(response.url).origin !== this.#address.origin;
      if (isElsewhere) this.#redirected = response.url;
      return response;
    }
    if (response.status === 200) {
      if (start === 0 && end === this.#file.byteLength) return response;
      await response.body?.cancel();
      throw new RangeIgnoredError(`The server ignores "range: ${headers.range}".`);
    }
    if (this.#redirected !== undefined && response.status < 500 && response.status !== 429) {
      await response.body?.cancel();
      this.#redirected = undefined;
      throw new TransientError(`the address that it redirected to answered ${response.status}`, {
        status: response.status,
      });
    }
    throw await statusError(response, this.#asked);
  }

  async #checkRange(response: Response, start: number, end: number): Promise<void> {
    const expected = `bytes ${start}-${end - 1}/${this.#file.byteLength}`;
    const actual = response.headers.get("content-range");
    if (actual === expected) return await this.#checkVersion(response);
    await response.body?.cancel();
    throw this.#invalid(`answered with Content-Range "${actual ?? ""}" instead of "${expected}"`);
  }

  async #checkVersion(response: Response): Promise<void> {
    const expected = this.#file.version;
    const actual = versionOf(response);
    if (expected === undefined || actual === expected) return;
    await response.body?.cancel();
    throw this.#invalid(`has another version now, ${actual} instead of ${expected}: load it again`);
  }

  #invalid(what: string): HubError {
    const { endpoint, model } = this.#asked;
    return new HubError({
      code: "HUB_RESPONSE_INVALID",
      message: `The server of ${this.#file.name} of "${model}" ${what}. Something between here and ${endpoint} may be at fault.`,
      model,
      file: this.#file.name,
    });
  }
}
