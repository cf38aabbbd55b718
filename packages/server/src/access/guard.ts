import type { Ledger } from "../accounting/ledger.ts";
import { ApiError } from "../http/api-error.ts";
import type { AccessKeys } from "./access-keys.ts";
import { Allowance, startOfDay } from "./allowance.ts";
import type { AccessKey } from "./keys.ts";

/** A client that may come in. */
export interface Client {
  readonly key: AccessKey;
  readonly allowance: Allowance;
}

/** Lets in whoever has a key; everybody, where there are none. */
export class Guard {
  readonly #keys: AccessKeys;
  readonly #allowances = new Map<string, Allowance>();
  readonly #ledger: Ledger | undefined;

  constructor(keys: AccessKeys, ledger: Ledger | undefined) {
    this.#keys = keys;
    this.#ledger = ledger;
  }

  /** @throws {ApiError} `authentication` when there is no key or a wrong one. */
  async identify(headers: Headers): Promise<Client | undefined> {
    if (this.#keys.isOpen) return undefined;
    const presented = presentedKey(headers);
    if (presented === undefined) {
      throw new ApiError("authentication", 'A key is needed: send it as "Authorization: Bearer <key>".', {
        code: "missing_api_key",
      });
    }
    const key = await this.#keys.find(presented);
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
    if (this.#keys.isOpen) return undefined;
    const key = this.#keys.named(name);
    if (key !== undefined) return { key, allowance: this.#allowanceOf(key) };
    throw new ApiError("authentication", `The key "${name}" is not known here any more.`, {
      code: "invalid_api_key",
    });
  }

  #allowanceOf(key: AccessKey): Allowance {
    const now = Date.now();
    const known = this.#allowances.get(key.name);
    if (known?.key === key) return known;
    const before =
      key.tokensPerDay === undefined ? 0 : (this.#ledger?.tokensSince(key.name, startOfDay(now)) ?? 0);
    if (known !== undefined) {
      known.take(key, now, before);
      return known;
    }
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
