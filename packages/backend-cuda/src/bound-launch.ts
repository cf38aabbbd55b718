import type { Extents } from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { Device } from "./device/device.ts";
import type { KernelFunction } from "./device/module-cache.ts";
import type { Argument, Grid, Launch } from "./launch.ts";

/** A launch, its kernel, and what it is for. */
export interface LoadedLaunch {
  readonly launch: Launch;
  readonly kernel: KernelFunction;
  /** Of the Program's ops. */
  readonly op: number;
  /** What errors say that it is for. */
  readonly what: string;
}

/** A launch with everything that it is given, packed once, as the driver takes it. */
export class BoundLaunch {
  /** The op that it is for, of the Program's. */
  readonly op: number;
  readonly kernel: string;
  readonly #launch: Launch;
  readonly #kernel: KernelFunction;
  readonly #device: Device;
  readonly #what: string;
  /** The values of the parameters; their addresses are in the other. */
  readonly #values: ArrayBuffer;
  readonly #addresses: BigUint64Array<ArrayBuffer>;

  constructor({ launch, kernel, op, what }: LoadedLaunch, bindings: Bindings, device: Device) {
    this.op = op;
    this.kernel = launch.kernel;
    this.#launch = launch;
    this.#kernel = kernel;
    this.#device = device;
    this.#what = what;
    const { args } = launch;
    // Explicit buffers: those that small arrays come with move when they are collected.
    this.#values = new ArrayBuffer(8 * args.length);
    this.#addresses = new BigUint64Array(new ArrayBuffer(8 * args.length));
    const view = new DataView(this.#values);
    const base = device.driver.address(new Uint8Array(this.#values));
    for (const [index, argument] of args.entries()) {
      pack(view, 8 * index, argument, bindings);
      this.#addresses[index] = base + BigInt(8 * index);
    }
  }

  /** The grid of a step; undefined where it needs none. */
  grid(extents: Extents): Grid | undefined {
    const grid = this.#launch.grid(extents);
    return grid.every((count) => count !== 0) ? grid : undefined;
  }

  enqueue([x, y = 1, z = 1]: Grid, extents: Extents): void {
    const { driver, modules, queue } = this.#device;
    const { threads, sharedBytes = 0 } = this.#launch;
    const shared = typeof sharedBytes === "number" ? sharedBytes : sharedBytes(extents);
    driver.callFor(this.#what, () => {
      modules.allowShared(this.#kernel, shared);
      const { handle } = this.#kernel;
      const block = [threads, 1, 1, shared] as const;
      driver.call("cuLaunchKernel", handle, x, y, z, ...block, queue.stream, this.#addresses, null);
    });
  }
}

function pack(view: DataView, at: number, argument: Argument, bindings: Bindings): void {
  if (argument.kind === "i32") view.setInt32(at, argument.value, true);
  else if (argument.kind === "f32") view.setFloat32(at, argument.value, true);
  else if (argument.kind === "scale") view.setFloat32(at, bindings.scale(argument.weight), true);
  else view.setBigUint64(at, bindings.address(argument), true);
}
