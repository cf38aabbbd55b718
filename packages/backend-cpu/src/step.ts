import {
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Program,
  type Step,
  type StepProfile,
  type StepProfiler,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { type FeedCheck, feedChecks } from "./checks/feed-checks.ts";
import { type KernelOptions, type Launch, prepare } from "./kernels.ts";

export interface StepOptions extends KernelOptions {
  readonly profiler: StepProfiler;
}

/**
 * A bound Program. `run` computes before it returns: there is nothing to wait for.
 *
 * Feeds are checked before the first op, so a step that is refused leaves every state as it was.
 */
export class CpuStep implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #bindings: Bindings;
  readonly #checks: readonly FeedCheck[];
  readonly #launches: readonly Launch[];
  readonly #profiler: StepProfiler;
  #isDisposed = false;

  constructor(program: Program, largest: Extents, bindings: Bindings, options: StepOptions) {
    this.#program = program;
    this.#largest = largest;
    this.#bindings = bindings;
    this.outputs = bindings.outputs;
    this.#checks = feedChecks(program, bindings);
    this.#launches = program.ops.map((op) => prepare(op, bindings, options));
    this.#profiler = options.profiler;
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${this.#program.name}"`);
    this.#bindings.checkLive();
    checkExtents(this.#program, extents, this.#largest);
    for (const [name, given] of Object.entries(feeds)) this.#writeFeed(name, given, extents);
    for (const check of this.#checks) check(extents);
    if (this.#profiler.isWanted) this.#profiler.give(this.#profile(extents));
    else for (const launch of this.#launches) launch(extents);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#bindings.dispose();
  }

  #profile(extents: Extents): StepProfile {
    const { name: program, ops } = this.#program;
    const profiled = ops.map((op, index) => {
      const start = performance.now();
      this.#launches[index]!(extents);
      return { op, seconds: (performance.now() - start) / 1000 };
    });
    return { program, extents, ops: profiled };
  }

  #writeFeed(name: string, given: ArrayBufferView, extents: Extents): void {
    const bytes = checkFeed(this.#program, name, given, extents);
    const held = this.#bindings.feeds.get(name)!;
    const kept = new Uint8Array(held.buffer, held.byteOffset, held.byteLength);
    kept.set(bytes.subarray(0, kept.byteLength));
  }
}
