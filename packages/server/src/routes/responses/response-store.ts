import type { Message } from "krait";
import type { OutputItem } from "./output-items.ts";

/** A response that a later request may go on from. */
export interface StoredResponse {
  readonly response: { readonly id: string; readonly output: readonly OutputItem[] };
  /** The name of the key that it belongs to; undefined where there are no keys. */
  readonly owner: string | undefined;
  /** The conversation up to and with this answer, without instructions. */
  readonly messages: readonly Message[];
}

/** Keeps the last responses in memory, within bounds on their number and size. */
export class ResponseStore {
  /** In the order of their last use. */
  readonly #entries = new Map<string, StoredResponse & { readonly bytes: number }>();
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  add(entry: StoredResponse): void {
    const bytes = 2 * JSON.stringify([entry.response, entry.messages]).length;
    this.#entries.set(entry.response.id, { ...entry, bytes });
    this.#bytes += bytes;
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break;
      this.#remove(id);
    }
  }

  /** Only its owner finds a response. */
  get(id: string, owner: string | undefined): StoredResponse | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.owner !== owner) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  /** An item of a response's output, whose id has the response's in it. */
  getItem(id: string, owner: string | undefined): OutputItem | undefined {
    const response = `resp_${/^[a-z]+_([0-9a-f]{24})\d+$/.exec(id)?.[1]}`;
    return this.get(response, owner)?.response.output.find((item) => item.id === id);
  }

  remove(id: string, owner: string | undefined): boolean {
    return this.get(id, owner) !== undefined && this.#remove(id);
  }

  #remove(id: string): boolean {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    return this.#entries.delete(id);
  }
}
