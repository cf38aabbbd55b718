import {
  bindState,
  bindWeight,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Program,
  type ScratchPlan,
  type WeightBuffer,
} from "@krait/tensor";
import { WebGpuBuffer } from "./buffer.ts";
import type { Device } from "./device/device.ts";
import type { Binding } from "./launch.ts";
import { shardsOf, WebGpuWeight } from "./weight.ts";

/** A Program's names resolved to buffers: scratch and the step's own words here, weights and states as given. */
export class Bindings {
  readonly outputs: Readonly<Record<string, WebGpuBuffer>>;
  /** Extents and feeds. */
  readonly step: GPUBuffer;
  readonly #program: Program;
  readonly #plan: ScratchPlan;
  readonly #device: Device;
  readonly #owned: GPUBuffer[] = [];
  readonly #scratch: readonly GPUBuffer[];
  readonly #vectors = new Map<string, GPUBuffer>();
  readonly #workspaces = new Map<number, GPUBuffer>();
  readonly #weights = new Map<string, WebGpuWeight>();
  readonly #states = new Map<string, WebGpuBuffer>();

  constructor(
    program: Program,
    largest: Extents,
    stepWords: number,
    plan: ScratchPlan,
    device: Device,
    given: {
      readonly weights: Readonly<Record<string, WeightBuffer>>;
      readonly states: Readonly<Record<string, DeviceBuffer>>;
    },
  ) {
    this.#program = program;
    this.#plan = plan;
    this.#device = device;
    const ownWeight = (weight: WeightBuffer) =>
      weight instanceof WebGpuWeight && weight.isOf(device) ? weight : undefined;
    const ownState = (state: DeviceBuffer) =>
      state instanceof WebGpuBuffer && state.isOf(device) ? state : undefined;
    for (const [name, spec] of Object.entries(program.weights)) {
      this.#weights.set(name, bindWeight(name, spec, given.weights[name], ownWeight));
    }
    for (const [name, spec] of Object.entries(program.states)) {
      this.#states.set(name, bindState(name, spec, given.states[name], ownState));
    }
    this.checkLive();
    try {
      this.step = this.#allocate(4 * stepWords, "step");
      this.#scratch = plan.buffers.map((bytes, i) => this.#allocate(bytes, `scratch ${i}`));
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.outputs = Object.fromEntries(
      Object.entries(program.outputs).map(([name, { value }]) => {
        const { rows, columns } = program.values[value]!;
        const buffer = this.#scratch[plan.bufferOf[value]!]!;
        const bytes = 4 * largest[rows] * columns;
        return [name, new WebGpuBuffer(device, `${program.name}: output "${name}"`, [buffer], bytes, false)];
      }),
    );
  }

  /** The buffer behind a binding; vectors and workspaces are made when they are first asked for. */
  buffer(binding: Binding): GPUBuffer {
    switch (binding.kind) {
      case "step":
        return this.step;
      case "value":
        return this.#scratch[this.#plan.bufferOf[binding.value]!]!;
      case "weight":
        return this.#weights.get(binding.weight)!.shard(binding.shard);
      case "vectors":
        return this.#joined(binding.weights);
      case "state":
        return this.#states.get(binding.state)!.parts[binding.part ?? 0]!;
      case "workspace":
        return this.#workspace(binding.bytes);
      default:
        return binding satisfies never;
    }
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
    for (const buffer of this.#owned.splice(0)) this.#device.free(buffer);
  }

  #allocate(bytes: number, what: string): GPUBuffer {
    const buffer = this.#device.memory.allocate(bytes, `${this.#program.name}: ${what}`);
    this.#owned.push(buffer);
    return buffer;
  }

  /** One vector as it is, several as a copy in which they follow each other. */
  #joined(weights: readonly string[]): GPUBuffer {
    if (weights.length === 1) return this.#weights.get(weights[0]!)!.shard(0);
    const key = weights.join("\n");
    let buffer = this.#vectors.get(key);
    if (buffer !== undefined) return buffer;
    const sizes = weights.map(
      (name) => shardsOf(this.#program.weights[name]!, this.#device.memory.maxBufferBytes)[0]!.bytes,
    );
    buffer = this.#allocate(
      sizes.reduce((total, bytes) => total + bytes, 0),
      `vectors ${weights.join(", ")}`,
    );
    let at = 0;
    for (const [index, name] of weights.entries()) {
      const source = this.#weights.get(name)!.shard(0);
      this.#device.queue.encoder().copyBufferToBuffer(source, 0, buffer, at, sizes[index]!);
      at += sizes[index]!;
    }
    this.#vectors.set(key, buffer);
    return buffer;
  }

  /** Dispatches of one pass follow each other, so that ops can share a workspace of one size. */
  #workspace(bytes: number): GPUBuffer {
    let buffer = this.#workspaces.get(bytes);
    if (buffer === undefined) {
      buffer = this.#allocate(bytes, "workspace");
      this.#workspaces.set(bytes, buffer);
    }
    return buffer;
  }
}

/** `r` or `w`, as pipelines are told of it. */
export function accessOfBinding(binding: Binding): "r" | "w" {
  return "access" in binding && binding.access === "write" ? "w" : "r";
}
