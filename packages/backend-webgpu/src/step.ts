import {
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Program,
  type Step,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import type { Workgroups } from "./launch.ts";
import type { StepLayout } from "./step-layout.ts";

/** A dispatch with everything that it uses. */
export interface BoundLaunch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: (extents: Extents) => Workgroups;
}

/**
 * A bound Program. `run` writes extents and feeds in one piece, and encodes all dispatches into one
 * compute pass; nothing is made anew but the list of commands.
 */
export class WebGpuStep implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #layout: StepLayout;
  readonly #device: Device;
  readonly #bindings: Bindings;
  readonly #launches: readonly BoundLaunch[];
  /** What the device holds of extents and feeds, after all steps so far. */
  readonly #words: Int32Array<ArrayBuffer>;
  #isDisposed = false;

  constructor(context: CompileContext, device: Device, bindings: Bindings, launches: readonly BoundLaunch[]) {
    this.#program = context.program;
    this.#largest = context.largest;
    this.#layout = context.layout;
    this.#device = device;
    this.#bindings = bindings;
    this.#launches = launches;
    this.#words = new Int32Array(context.layout.words);
    this.outputs = bindings.outputs;
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${this.#program.name}"`);
    this.#device.checkLive();
    this.#bindings.checkLive();
    checkExtents(this.#program, extents, this.#largest);
    const given = Object.entries(feeds).map(
      ([name, feed]) => [name, checkFeed(this.#program, name, feed, extents)] as const,
    );
    let end = this.#layout.writeExtents(this.#words, extents);
    for (const [name, bytes] of given) end = Math.max(end, this.#layout.writeFeed(this.#words, name, bytes));
    this.#device.queue.write(this.#bindings.step, 0, new Uint8Array(this.#words.buffer, 0, 4 * end), this);
    this.#encode(extents);
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#bindings.dispose();
  }

  #encode(extents: Extents): void {
    const pass = this.#device.queue.encoder(this).beginComputePass();
    let dispatches = 0;
    for (const { pipeline, group, workgroups } of this.#launches) {
      const [x, y = 1, z = 1] = workgroups(extents);
      if (x === 0 || y === 0 || z === 0) continue;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y, z);
      dispatches++;
    }
    pass.end();
    this.#device.queue.dispatches += dispatches;
  }
}
