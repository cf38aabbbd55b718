import type { OpList } from "@krait/cpu-kernels";
import { BackendLostError, DisposedError } from "@krait/tensor";
import type { Addon, Device } from "./addon.ts";

/**
 * The addon's queue: what is enqueued happens in order on a thread of its own, so nothing here waits.
 *
 * A step whose feeds are wrong is refused when it is its turn. Reads enqueued after it reject with the
 * reason, and steps are left out, up to what is enqueued after the first of those reads has rejected. After
 * a step whose weights are no longer in their file nothing can go on: the device is lost.
 */
export class Queue {
  readonly addon: Addon;
  readonly device: Device;
  readonly #numbers = new WeakMap<OpList, number>();
  readonly #lists = new Map<number, WeakRef<OpList>>();
  /** Settles when the device is lost. */
  readonly lost: Promise<BackendLostError>;
  #lose!: (error: BackendLostError) => void;
  #loss: BackendLostError | undefined;
  #isClosed = false;

  constructor(addon: Addon, device: Device) {
    this.addon = addon;
    this.device = device;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
  }

  /** Enqueues a step whose ops are divided into `parts`. */
  run(list: OpList, parts: number): void {
    this.#checkOpen();
    const { address, entries, checks, fault } = list;
    const number = this.#numberOf(list);
    this.addon.step(this.device, number, address, entries, checks, parts, fault.address);
  }

  write(address: number, bytes: Uint8Array): void {
    this.#checkOpen();
    this.addon.write(this.device, address, bytes);
  }

  clear(address: number, bytes: number): void {
    this.#checkOpen();
    this.addon.clear(this.device, address, bytes);
  }

  /** The bytes after all that was enqueued before. @throws {BindingError} of a refused step. */
  read(address: number, bytes: number): Promise<Uint8Array> {
    this.#checkOpen();
    const target = new Uint8Array(bytes);
    return new Promise((resolve, reject) => {
      this.addon.read(this.device, address, target, (serial, step, check, fault) => {
        if (serial === 0) return resolve(target);
        if (check < 0) return reject(this.#losing());
        if (!this.#isClosed) this.addon.forgive(this.device, serial);
        reject(this.#lists.get(step)?.deref()?.refusal(check, fault) ?? new DisposedError("The step"));
      });
    });
  }

  /** Gives memory back after all that was enqueued before; when the queue ends, all of it goes back. */
  release(address: number, bytes: number): void {
    if (!this.#isClosed) this.addon.release(this.device, address, bytes);
  }

  /** Waits for what is enqueued, then ends the threads and frees all memory. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#loss === undefined) await this.read(0, 0).catch(() => {});
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.addon.close(this.device);
  }

  #losing(): BackendLostError {
    this.#loss ??= new BackendLostError("native", "a weight's file was shortened while it was in use");
    this.#lose(this.#loss);
    return this.#loss;
  }

  #numberOf(list: OpList): number {
    const known = this.#numbers.get(list);
    if (known !== undefined) return known;
    const number = this.#lists.size;
    this.#numbers.set(list, number);
    this.#lists.set(number, new WeakRef(list));
    return number;
  }

  #checkOpen(): void {
    if (this.#loss) throw this.#loss;
    if (this.#isClosed) throw new DisposedError('Backend "native"');
  }
}
