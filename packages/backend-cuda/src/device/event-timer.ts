import { EventFlag } from "../driver/results.ts";
import type { Device } from "./device.ts";

/** Marks points in a device's stream, and tells how far apart they are. */
export class EventTimer implements Disposable {
  readonly #device: Device;
  readonly #events: bigint[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Marks the point after everything that was enqueued so far. */
  mark(): void {
    const { driver, queue } = this.#device;
    queue.flush();
    const event = driver.handle("cuEventCreate", EventFlag.timing);
    this.#events.push(event);
    driver.call("cuEventRecord", event, queue.stream);
  }

  /** From each mark to the next, once the device has passed the last. */
  async milliseconds(): Promise<number[]> {
    const { driver, queue } = this.#device;
    await queue.settled();
    this.#device.enter();
    const elapsed = new Float32Array(new ArrayBuffer(4));
    return this.#events.slice(1).map((end, index) => {
      driver.call("cuEventElapsedTime", elapsed, this.#events[index]!, end);
      return elapsed[0]!;
    });
  }

  [Symbol.dispose](): void {
    if (!this.#device.isLive) return;
    for (const event of this.#events.splice(0)) this.#device.driver.call("cuEventDestroy_v2", event);
  }
}
