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
import type { Memory } from "./buffer.ts";
import { CpuStep, type StepOptions } from "./step.ts";

/** A checked Program and its scratch plan; memory is taken when it is bound. */
export class CpuExecutable implements Executable {
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #memory: Memory;
  readonly #options: StepOptions;
  readonly #scratch: ScratchPlan;
  #isDisposed = false;

  constructor(program: Program, largest: Extents, memory: Memory, options: StepOptions) {
    checkLargest(program, largest);
    this.#program = program;
    this.#largest = largest;
    this.#memory = memory;
    this.#options = options;
    this.#scratch = planScratch(program, largest);
  }

  bind(buffers: {
    readonly weights: Readonly<Record<string, WeightBuffer>>;
    readonly states: Readonly<Record<string, DeviceBuffer>>;
  }): Step {
    if (this.#isDisposed) throw new DisposedError(`The executable of Program "${this.#program.name}"`);
    const bindings = new Bindings(this.#program, this.#largest, this.#scratch, this.#memory, buffers);
    return new CpuStep(this.#program, this.#largest, bindings, this.#options);
  }

  /** Steps that were bound before stay usable. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
  }
}
