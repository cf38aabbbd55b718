import {
  checkLargest,
  type DeviceBuffer,
  DisposedError,
  type Executable,
  type Extents,
  KraitError,
  type Program,
  type Step,
  type WeightBuffer,
} from "@krait/tensor";
import { Bindings } from "./bindings.ts";
import { BoundLaunch, type LoadedLaunch } from "./bound-launch.ts";
import { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import { launchesOf } from "./kernels/kernels.ts";
import type { Launch } from "./launch.ts";
import { CudaStep } from "./step.ts";

/** Blocks that a grid may have in y and in z. */
const MOST_BLOCKS = 65_535;

/** A Program as launches of loaded kernels; memory is taken when it is bound. */
export class CudaExecutable implements Executable {
  readonly #context: CompileContext;
  readonly #device: Device;
  readonly #launches: readonly LoadedLaunch[];
  #isDisposed = false;

  /** @throws {KraitError} `STEP_TOO_LARGE` for more rows or segments than a grid can count. */
  constructor(program: Program, largest: Extents, device: Device) {
    checkLargest(program, largest);
    this.#context = new CompileContext(program, largest, device.properties);
    this.#device = device;
    this.#launches = program.ops.flatMap((op, index) =>
      launchesOf(op, this.#context).map((launch) => {
        const what = `op ${index} (${op.op}) of Program "${program.name}", kernel ${launch.kernel}`;
        requireGrid(launch, largest, what);
        const kernel = device.driver.callFor(what, () => device.modules.kernel(launch.module, launch.kernel));
        return { launch, kernel, op: index, what };
      }),
    );
  }

  bind(buffers: {
    readonly weights: Readonly<Record<string, WeightBuffer>>;
    readonly states: Readonly<Record<string, DeviceBuffer>>;
  }): Step {
    const { program } = this.#context;
    if (this.#isDisposed) throw new DisposedError(`The executable of Program "${program.name}"`);
    this.#device.enter();
    const launches = this.#launches.map(({ launch }) => launch);
    const bindings = new Bindings(this.#context, launches, this.#device, buffers);
    const bound = this.#launches.map((loaded) => new BoundLaunch(loaded, bindings, this.#device));
    return new CudaStep(this.#context, this.#device, bindings, bound);
  }

  /** Steps that were bound before stay usable. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
  }
}

function requireGrid({ grid }: Launch, largest: Extents, what: string): void {
  const [, y = 1, z = 1] = grid(largest);
  if (Math.max(y, z) <= MOST_BLOCKS) return;
  throw new KraitError(
    "STEP_TOO_LARGE",
    `The largest step needs ${Math.max(y, z)} blocks in one direction for ${what}, but a GPU counts up to ` +
      `${MOST_BLOCKS}: compile for fewer rows.`,
  );
}
