import {
  BindingError,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  elementCount,
  type Program,
  resolveShape,
  type Step,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { WasmBuffer } from "./buffer.ts";
import { decodeFault, describeFault, FAULT_BYTES } from "./fault.ts";
import type { FeedCheck } from "./feed-check.ts";
import { feedChecks } from "./feed-checks.ts";
import type { KernelModule } from "./kernel-module.ts";
import { entryOf } from "./kernels.ts";
import { encodeOpList } from "./op-list.ts";

/** The kernels, and what becomes of them when one traps. */
export interface Runner {
  readonly kernels: KernelModule;
  /** As {@link KernelModule.run}. @throws {BackendLostError} when a kernel traps, and ever after. */
  run(list: number, count: number): number;
}

const feedArrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;

/**
 * A bound Program. `run` is one call into the kernels, which compute before it returns.
 *
 * Feeds are checked before the first op, so a step that is refused leaves every state as it was.
 */
export class WasmStep implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #bindings: Bindings;
  readonly #runner: Runner;
  readonly #checks: readonly FeedCheck[];
  readonly #list: WasmBuffer;
  readonly #count: number;
  #isDisposed = false;

  constructor(largest: Extents, bindings: Bindings, runner: Runner) {
    const { program } = bindings;
    this.#program = program;
    this.#largest = largest;
    this.#bindings = bindings;
    this.#runner = runner;
    this.outputs = bindings.outputs;
    try {
      this.#checks = feedChecks(program, bindings);
      const entries = [...this.#checks, ...program.ops.map((op) => entryOf(op, bindings))];
      const list = encodeOpList(entries, runner.kernels);
      this.#list = bindings.allocate(list.byteLength, "op list");
      this.#list.write(0, list);
      this.#count = entries.length;
    } catch (error) {
      bindings.dispose();
      throw error;
    }
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${this.#program.name}"`);
    this.#bindings.checkLive();
    this.#checkExtents(extents);
    this.#bindings.writeExtents(extents);
    for (const [name, given] of Object.entries(feeds)) this.#writeFeed(name, given, extents);
    const failed = this.#runner.run(this.#list.address, this.#count);
    if (failed >= 0) this.#refuse(this.#describeFault(this.#checks[failed]!));
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#bindings.dispose();
  }

  #checkExtents(extents: Extents): void {
    for (const [extent, largest] of Object.entries(this.#largest) as [keyof Extents, number][]) {
      const count = extents[extent];
      if (Number.isSafeInteger(count) && count >= 0 && count <= largest) continue;
      this.#refuse(`extent "${extent}" is ${count}, expected 0 to ${largest}, for which it was compiled`);
    }
  }

  #writeFeed(name: string, given: ArrayBufferView, extents: Extents): void {
    const held = this.#bindings.feeds.get(name);
    const spec = this.#program.feeds[name];
    if (held === undefined || spec === undefined) {
      const known = Object.keys(this.#program.feeds).join(", ");
      this.#refuse(`there is no feed "${name}"; its feeds are ${known}`);
    }
    const expected = feedArrays[spec.dtype];
    if (!isOf(given, expected)) {
      this.#refuse(
        `feed "${name}" is ${given.constructor.name}, expected ${expected.name} for ${spec.dtype}`,
      );
    }
    const shape = resolveShape(spec.shape, extents);
    const bytes = 4 * elementCount(shape);
    if (given.byteLength < bytes) {
      this.#refuse(
        `feed "${name}" has ${given.byteLength / 4} elements, expected ${bytes / 4} for [${shape.join(", ")}]`,
      );
    }
    const kept = Math.min(given.byteLength, held.byteLength);
    held.write(0, new Uint8Array(given.buffer, given.byteOffset, kept));
  }

  #describeFault({ names }: FeedCheck): string {
    const { memory, faultAddress } = this.#runner.kernels;
    return describeFault(decodeFault(new Uint8Array(memory.buffer, faultAddress, FAULT_BYTES)), names);
  }

  #refuse(message: string): never {
    throw new BindingError(`Program "${this.#program.name}": ${message}.`);
  }
}

function isOf(view: ArrayBufferView, array: { readonly name: string }): boolean {
  return view.constructor === array;
}
