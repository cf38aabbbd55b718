import {
  checkLargest,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  type Program,
  planScratch,
  type ScratchPlan,
  type Step,
  type WeightBuffer,
} from "@krait/tensor";
import { Bindings } from "./bindings.ts";
import type { KernelHost, KernelWeight } from "./kernel-host.ts";
import { KernelStep } from "./step.ts";

/** A checked Program and its scratch plan; memory is taken when it is bound. */
export class KernelExecutable<Weight extends KernelWeight = KernelWeight> implements Executable {
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #host: KernelHost<Weight>;
  readonly #scratch: ScratchPlan;
  #isDisposed = false;

  constructor(program: Program, largest: Extents, host: KernelHost<Weight>) {
    checkLargest(program, largest);
    this.#program = program;
    this.#largest = largest;
    this.#host = host;
    this.#scratch = planScratch(program, largest);
  }

  bind(buffers: {
    readonly weights: Readonly<Record<string, WeightBuffer>>;
    readonly states: Readonly<Record<string, DeviceBuffer>>;
  }): Step {
    if (this.#isDisposed) throw new DisposedError(`The executable of Program "${this.#program.name}"`);
    return new KernelStep(
      this.#largest,
      new Bindings(this.#program, this.#largest, this.#scratch, this.#host, buffers),
    );
  }

  /** Steps that were bound before stay usable. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
  }
}
