import type { Message } from "krait";
import type { OutputItem } from "./output-items.ts";
import type { StoredItem } from "./stored-input.ts";

/** A response that a later request may go on from. */
export interface StoredResponse {
  readonly response: { readonly id: string; readonly output: readonly OutputItem[] };
  /** The name of the key that it belongs to; undefined where there are no keys. */
  readonly owner: string | undefined;
  /** What the request brought. */
  readonly input: readonly StoredItem[];
  /** The response that it goes on from. */
  readonly previousId: string | undefined;
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
    const bytes = 2 * JSON.stringify([entry.response, entry.input, entry.messages]).length;
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

  /** An item of a response, or of its request. The id has the response's in it. */
  getItem(id: string, owner: string | undefined): StoredItem | OutputItem | undefined {
    const response = this.get(`resp_${/^[a-z]+_([0-9a-f]{24})i?\d+$/.exec(id)?.[1]}`, owner);
    return response && [...response.input, ...response.response.output].find((item) => item.id === id);
  }

  /** What a response was made from: its request's items, behind those of the responses before it that are kept. */
  inputOf(
    { input, previousId }: StoredResponse,
    owner: string | undefined,
  ): readonly (StoredItem | OutputItem)[] {
    const turns: (readonly (StoredItem | OutputItem)[])[] = [input];
    for (let id = previousId; id !== undefined; ) {
      const before = this.get(id, owner);
      if (before !== undefined) turns.push(before.response.output, before.input);
      id = before?.previousId;
    }
    return turns.reverse().flat();
  }

  remove(id: string, owner: string | undefined): boolean {
    return this.get(id, owner) !== undefined && this.#remove(id);
  }

  #remove(id: string): boolean {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    return this.#entries.delete(id);
  }
}
