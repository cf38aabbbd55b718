import { StagingPool } from "./staging-pool.ts";

/**
 * Commands in the order in which they were enqueued. Steps and reads of one task of the event loop
 * share one command buffer and go to the device in one submit; writes, which WebGPU orders by
 * submits, end it first.
 */
export class CommandQueue {
  /** How often commands were handed to the device. */
  submits = 0;
  dispatches = 0;
  bytesRead = 0;
  readonly #device: GPUDevice;
  readonly #staging: StagingPool;
  readonly #end: () => Error | undefined;
  #encoder: GPUCommandEncoder | undefined;
  /** Whose buffers the open commands use. */
  readonly #users = new Set<object>();

  /** `end` says why the device is gone, once it is. */
  constructor(device: GPUDevice, end: () => Error | undefined) {
    this.#device = device;
    this.#end = end;
    this.#staging = new StagingPool(device);
  }

  get mappings(): number {
    return this.#staging.mappings;
  }

  /** The open command buffer; it is submitted when the current task ends, if nothing submits it before. */
  encoder(user?: object): GPUCommandEncoder {
    if (this.#encoder === undefined) {
      this.#encoder = this.#device.createCommandEncoder();
      queueMicrotask(() => this.flush());
    }
    if (user !== undefined) this.#users.add(user);
    return this.#encoder;
  }

  flush(): void {
    if (this.#encoder === undefined) return;
    const commands = this.#encoder.finish();
    this.#encoder = undefined;
    this.#users.clear();
    this.#device.queue.submit([commands]);
    this.submits++;
    this.#staging.map();
  }

  /**
   * Writes after everything enqueued before. Offset and length are multiples of 4.
   *
   * @param user - the only one whose commands use the buffer; anyone's may, unless given.
   */
  write(buffer: GPUBuffer, byteOffset: number, bytes: Uint8Array, user?: object): void {
    if (user === undefined || this.#users.has(user)) this.flush();
    this.#device.queue.writeBuffer(buffer, byteOffset, bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Resolves when everything enqueued so far is done, and what writes were staged in can be used again. */
  async settled(): Promise<void> {
    this.flush();
    this.#device.queue.submit([]);
    await this.#device.queue.onSubmittedWorkDone();
  }

  /**
   * The bytes as they are after everything enqueued before. Offset and length are multiples of 4.
   *
   * @throws {BackendLostError} when the device goes before they come.
   * @throws {DisposedError} when the backend is disposed before they come.
   */
  async read(buffer: GPUBuffer, byteOffset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    if (byteLength === 0) return new Uint8Array(0);
    this.bytesRead += byteLength;
    const encoder = this.encoder();
    const region = this.#staging.take(byteLength);
    encoder.copyBufferToBuffer(buffer, byteOffset, region.buffer, region.byteOffset, byteLength);
    try {
      return await region.bytes;
    } catch (error) {
      // The loss is told before, or soon after, the mapping fails.
      await this.#device.lost;
      throw this.#end() ?? error;
    }
  }

  dispose(): void {
    this.flush();
    this.#staging.dispose();
  }
}
