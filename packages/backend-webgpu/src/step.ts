import {
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Op,
  type Program,
  type Step,
  type StepLayout,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import { DispatchTimer } from "./device/dispatch-timer.ts";
import type { Workgroups } from "./launch.ts";

/** A dispatch with everything that it uses. */
export interface BoundLaunch {
  readonly op: Op;
  readonly kernel: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: (extents: Extents) => Workgroups;
}

/** What one dispatch of a step took on the device. */
export interface KernelTime {
  readonly op: Op;
  /** The entry point of the shader. */
  readonly kernel: string;
  readonly seconds: number;
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
    const { profiler } = this.#device;
    if (profiler.isWanted) {
      // Everything is enqueued before the first wait, so what is enqueued next comes after it.
      const ops = this.profile(extents, feeds);
      profiler.give(ops.then((times) => ({ program: this.#program.name, extents, ops: times })));
      return;
    }
    this.#write(extents, feeds);
    const pass = this.#device.queue.encoder(this).beginComputePass();
    let dispatches = 0;
    for (const launch of this.#launches) dispatches += Number(dispatch(launch, pass, extents));
    pass.end();
    this.#device.queue.dispatches += dispatches;
  }

  /**
   * Runs one step, each dispatch in a pass of its own, and takes their times.
   *
   * @throws {KraitError} `FEATURE_MISSING` where the adapter has no timestamps.
   */
  async profile(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): Promise<KernelTime[]> {
    DispatchTimer.require(this.#device.gpu);
    this.#write(extents, feeds);
    using timer = new DispatchTimer(this.#device.gpu, this.#launches.length);
    const encoder = this.#device.queue.encoder(this);
    const timed: BoundLaunch[] = [];
    for (const launch of this.#launches) {
      const pass = encoder.beginComputePass(timer.pass(timed.length));
      if (dispatch(launch, pass, extents)) timed.push(launch);
      pass.end();
    }
    this.#device.queue.dispatches += timed.length;
    const times = timer.resolve(encoder);
    const seconds = timer.seconds(await this.#device.queue.read(times, 0, times.size));
    return timed.map(({ op, kernel }, index) => ({ op, kernel, seconds: seconds[index]! }));
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#bindings.dispose();
  }

  /** Enqueues extents and feeds, in one piece. */
  #write(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
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
  }
}

/** Whether there was anything to dispatch. */
function dispatch(
  { pipeline, group, workgroups }: BoundLaunch,
  pass: GPUComputePassEncoder,
  extents: Extents,
): boolean {
  const [x, y = 1, z = 1] = workgroups(extents);
  if (x === 0 || y === 0 || z === 0) return false;
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(x, y, z);
  return true;
}
