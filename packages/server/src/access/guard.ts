import type { Ledger } from "../accounting/ledger.ts";
import { ApiError } from "../http/api-error.ts";
import { Allowance, startOfDay } from "./allowance.ts";
import { type AccessKey, createKeyRing, type KeyRing } from "./keys.ts";

/** A client that may come in. */
export interface Client {
  readonly key: AccessKey;
  readonly allowance: Allowance;
}

/** Lets in whoever has a key; everybody, where there are none. */
export class Guard {
  readonly #ring: Promise<KeyRing>;
  readonly #allowances = new Map<string, Allowance>();
  readonly #ledger: Ledger | undefined;
  readonly #keys: readonly AccessKey[];
  readonly isOpen: boolean;

  constructor(keys: readonly AccessKey[], ledger: Ledger | undefined) {
    this.isOpen = keys.length === 0;
    this.#ledger = ledger;
    this.#keys = keys;
    this.#ring = createKeyRing(keys);
    // Told to whoever asks first; until then it is nobody's.
    this.#ring.catch(() => {});
  }

  /** @throws {TypeError} when the keys are not what they should be. */
  async ready(): Promise<void> {
    await this.#ring;
  }

  /** @throws {ApiError} `authentication` when there is no key or a wrong one. */
  async identify(headers: Headers): Promise<Client | undefined> {
    if (this.isOpen) return undefined;
    const presented = presentedKey(headers);
    if (presented === undefined) {
      throw new ApiError("authentication", 'A key is needed: send it as "Authorization: Bearer <key>".', {
        code: "missing_api_key",
      });
    }
    const key = await (await this.#ring).find(presented);
    if (key === undefined) {
      throw new ApiError("authentication", "This key is not known here.", { code: "invalid_api_key" });
    }
    return { key, allowance: this.#allowanceOf(key) };
  }

  /**
   * A client by its key's name, for what runs in its name while it is away.
   *
   * @throws {ApiError} `authentication` when there is no such key any more.
   */
  named(name: string): Client | undefined {
    if (this.isOpen) return undefined;
    const key = this.#keys.find((each) => each.name === name);
    if (key !== undefined) return { key, allowance: this.#allowanceOf(key) };
    throw new ApiError("authentication", `The key "${name}" is not known here any more.`, {
      code: "invalid_api_key",
    });
  }

  #allowanceOf(key: AccessKey): Allowance {
    const known = this.#allowances.get(key.name);
    if (known !== undefined) return known;
    const now = Date.now();
    const before =
      key.tokensPerDay === undefined ? 0 : (this.#ledger?.tokensSince(key.name, startOfDay(now)) ?? 0);
    const allowance = new Allowance(key, now, before);
    this.#allowances.set(key.name, allowance);
    return allowance;
  }
}

/** OpenAI's clients send a bearer token, Anthropic's `x-api-key`. */
function presentedKey(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? (headers.get("x-api-key") || undefined);
}
