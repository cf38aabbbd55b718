import {
  bindState,
  bindWeight,
  type DeviceBuffer,
  DisposedError,
  planScratch,
  type WeightBuffer,
} from "@krait/tensor";
import { CudaBuffer, type Placement } from "./buffer.ts";
import type { CompileContext } from "./compile-context.ts";
import type { Device } from "./device/device.ts";
import { paddedSize } from "./device/memory.ts";
import type { Argument, Launch } from "./launch.ts";
import { CudaWeight } from "./weight.ts";

export interface GivenBuffers {
  readonly weights: Readonly<Record<string, WeightBuffer>>;
  readonly states: Readonly<Record<string, DeviceBuffer>>;
}

/** A Program's names resolved to addresses: scratch and the step's own words here, weights and states as given. */
export class Bindings {
  readonly outputs: Readonly<Record<string, CudaBuffer>>;
  /** Extents and feeds. */
  readonly step: bigint;
  readonly #device: Device;
  readonly #owned: bigint[] = [];
  /** Of each value. */
  readonly #values: readonly Placement[];
  readonly #workspaces: ReadonlyMap<string, bigint>;
  readonly #weights: ReadonlyMap<string, CudaWeight>;
  readonly #states: ReadonlyMap<string, CudaBuffer>;

  constructor(context: CompileContext, launches: readonly Launch[], device: Device, given: GivenBuffers) {
    const { program, largest } = context;
    this.#device = device;
    const ownWeight = (weight: WeightBuffer) =>
      weight instanceof CudaWeight && weight.isOf(device) ? weight : undefined;
    const ownState = (state: DeviceBuffer) =>
      state instanceof CudaBuffer && state.isOf(device) ? state : undefined;
    this.#weights = new Map(
      Object.entries(program.weights).map(([name, spec]) => [
        name,
        bindWeight(name, spec, given.weights[name], ownWeight),
      ]),
    );
    this.#states = new Map(
      Object.entries(program.states).map(([name, spec]) => [
        name,
        bindState(name, spec, given.states[name], ownState),
      ]),
    );
    this.checkLive();
    try {
      this.step = this.#allocate(4 * context.layout.words, `${program.name}: step`, 0);
      this.#values = this.#placeValues(context);
      this.#workspaces = this.#allocateWorkspaces(launches, program.name);
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.outputs = Object.fromEntries(
      Object.entries(program.outputs).map(([name, { value }]) => {
        const { rows, columns } = program.values[value]!;
        const bytes = 4 * largest[rows] * columns;
        const label = `${program.name}: output "${name}"`;
        return [name, new CudaBuffer(device, label, this.#values[value]!, bytes, false)];
      }),
    );
  }

  /** What a parameter that is a pointer points to. */
  address(argument: Exclude<Argument, { kind: "i32" | "f32" | "scale" }>): bigint {
    switch (argument.kind) {
      case "value": {
        const { base, byteOffset } = this.#values[argument.value]!;
        return base + BigInt(byteOffset + argument.byteOffset);
      }
      case "weight":
        return this.#weights.get(argument.weight)!.address;
      case "state":
        return this.#states.get(argument.state)!.address;
      case "step":
        return this.step + BigInt(4 * argument.word);
      case "workspace":
        return this.#workspaces.get(argument.name)!;
      case "none":
        return 0n;
      default:
        return argument satisfies never;
    }
  }

  /** What the values of a weight are multiplied by. */
  scale(weight: string): number {
    return this.#weights.get(weight)!.scale;
  }

  /** @throws {DisposedError} when a weight or state was disposed after it was bound. */
  checkLive(): void {
    for (const [name, weight] of this.#weights) {
      if (weight.isDisposed) throw new DisposedError(`Weight "${name}"`);
    }
    for (const [name, buffer] of this.#states) {
      if (buffer.isDisposed) throw new DisposedError(`State "${name}"`);
    }
  }

  dispose(): void {
    for (const buffer of Object.values(this.outputs ?? {})) buffer[Symbol.dispose]();
    for (const at of this.#owned.splice(0)) this.#device.free(at);
  }

  #allocate(bytes: number, label: string, content: 0 | undefined): bigint {
    const at = this.#device.memory.allocate(bytes, label, content);
    this.#owned.push(at);
    return at;
  }

  /** Outputs lie side by side, the small ones first, so that what a step leaves is read in one piece. */
  #placeValues({ program, largest }: CompileContext): Placement[] {
    const { buffers, bufferOf } = planScratch(program, largest);
    const isOutput = new Set(Object.values(program.outputs).map(({ value }) => bufferOf[value]!));
    const outputs = [...isOutput].sort((a, b) => buffers[a]! - buffers[b]!);
    const places = new Map<number, Placement>();
    const total = outputs.reduce((sum, buffer) => sum + paddedSize(buffers[buffer]!), 0);
    const base = outputs.length > 0 ? this.#allocate(total, `${program.name}: outputs`, 0) : 0n;
    let byteOffset = 0;
    for (const buffer of outputs) {
      places.set(buffer, { base, byteOffset });
      byteOffset += paddedSize(buffers[buffer]!);
    }
    for (const [buffer, bytes] of buffers.entries()) {
      if (isOutput.has(buffer)) continue;
      const own = this.#allocate(bytes, `${program.name}: scratch ${buffer}`, undefined);
      places.set(buffer, { base: own, byteOffset: 0 });
    }
    return bufferOf.map((buffer) => places.get(buffer) ?? { base: 0n, byteOffset: 0 });
  }

  #allocateWorkspaces(launches: readonly Launch[], program: string): Map<string, bigint> {
    const sizes = new Map<string, number>();
    for (const argument of launches.flatMap(({ args }) => args)) {
      if (argument.kind !== "workspace") continue;
      sizes.set(argument.name, Math.max(argument.bytes, sizes.get(argument.name) ?? 0));
    }
    return new Map(
      [...sizes].map(([name, bytes]) => [name, this.#allocate(bytes, `${program}: ${name}`, undefined)]),
    );
  }
}
