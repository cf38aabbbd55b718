import { type AccessKey, createKeyRing, type KeyRing } from "./keys.ts";

/** The keys of a server. They may be replaced while it runs; whoever is being answered is answered to the end. */
export class AccessKeys {
  /** Whether there were none to begin with: then everybody may come in, for as long as the server runs. */
  readonly isOpen: boolean;
  #keys: readonly AccessKey[];
  #ring: Promise<KeyRing>;

  constructor(keys: readonly AccessKey[]) {
    this.isOpen = keys.length === 0;
    this.#keys = keys;
    this.#ring = createKeyRing(keys);
    // Told to whoever asks first; until then it is nobody's.
    this.#ring.catch(() => {});
  }

  get all(): readonly AccessKey[] {
    return this.#keys;
  }

  /** @throws {TypeError} when the keys are not what they should be. */
  async ready(): Promise<void> {
    await this.#ring;
  }

  /**
   * Takes others in place of all keys: at once, or, where they are not what they should be, not at all.
   *
   * @throws {TypeError} for such keys, and for a server that is open.
   */
  async replace(keys: readonly AccessKey[]): Promise<void> {
    if (this.isOpen) {
      throw new TypeError(
        "This server was begun without keys, so everybody may come in until it is begun anew.",
      );
    }
    const ring = await createKeyRing(keys);
    this.#keys = keys;
    this.#ring = Promise.resolve(ring);
  }

  /** Whose key it is that a client presents. */
  async find(presented: string): Promise<AccessKey | undefined> {
    return await (await this.#ring).find(presented);
  }

  named(name: string): AccessKey | undefined {
    return this.#keys.find((each) => each.name === name);
  }
}
