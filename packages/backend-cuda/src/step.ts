import {
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Step,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { BoundLaunch } from "./bound-launch.ts";
import { bucketOf } from "./bucket.ts";
import { CapturedSteps } from "./captured-steps.ts";
import type { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";

/** A bound Program. `run` uploads extents and feeds in one piece, and launches the step's bucket. */
export class CudaStep implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #context: CompileContext;
  readonly #device: Device;
  readonly #bindings: Bindings;
  readonly #launches: readonly BoundLaunch[];
  readonly #commands: CapturedSteps;
  /** What the device holds of extents and feeds, after all steps so far. */
  readonly #words: Int32Array<ArrayBuffer>;
  #isDisposed = false;

  constructor(context: CompileContext, device: Device, bindings: Bindings, launches: readonly BoundLaunch[]) {
    this.#context = context;
    this.#device = device;
    this.#bindings = bindings;
    this.#launches = launches;
    this.#commands = new CapturedSteps(device, launches);
    this.#words = new Int32Array(context.layout.words);
    this.outputs = bindings.outputs;
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    this.prepare(extents, feeds, () => this.#commands.run(bucketOf(extents, this.#context.largest)));
  }

  /** Uploads what a step begins with, and leaves it to somebody else to launch what follows. */
  prepare<T>(
    extents: Extents,
    feeds: Readonly<Record<string, ArrayBufferView>>,
    launch: (device: Device, launches: readonly BoundLaunch[], extents: Extents, largest: Extents) => T,
  ): T {
    const { program, largest, layout } = this.#context;
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${program.name}"`);
    this.#device.enter();
    this.#bindings.checkLive();
    checkExtents(program, extents, largest);
    const given = Object.entries(feeds).map(
      ([name, feed]) => [name, checkFeed(program, name, feed, extents)] as const,
    );
    let end = layout.writeExtents(this.#words, extents);
    for (const [name, bytes] of given) end = Math.max(end, layout.writeFeed(this.#words, name, bytes));
    this.#upload(end);
    return launch(this.#device, this.#launches, extents, largest);
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#device.isLive) this.#commands.dispose();
    this.#bindings.dispose();
  }

  #upload(words: number): void {
    const { queue } = this.#device;
    const block = queue.staging(4 * words);
    block.bytes.set(new Uint8Array(this.#words.buffer, 0, 4 * words));
    queue.upload(block, this.#bindings.step, 4 * words);
  }
}
