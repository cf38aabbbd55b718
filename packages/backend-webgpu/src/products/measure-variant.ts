import { buildProgram, type Extents, type TensorSpec } from "@krait/tensor";
import { WebGpuBuffer } from "../buffer.ts";
import type { Device } from "../device/device.ts";
import { WebGpuExecutable } from "../executable.ts";
import { shardsOf, WebGpuWeight } from "../weight.ts";
import type { ProductKind, ProductVariant } from "./product-variant.ts";

/** The product that is measured: as wide as a layer on a graphics card, far less where a processor computes. */
const sizes = {
  hardware: { columns: 4096, rows: { one: 1, few: 4, many: 256 } },
  software: { columns: 512, rows: { one: 1, few: 4, many: 32 } },
} as const;

/** Runs of one measurement follow each other without a wait, and the fastest of some measurements counts. */
const RUNS = { one: 16, few: 16, many: 2 } as const;
const MEASUREMENTS = 4;

/**
 * Seconds that a product of a format and number of rows takes on this device when it computes in a variant.
 *
 * @throws the reason of `signal`, between two measurements.
 */
export async function measureVariant(
  device: Device,
  { format, rows: rowClass }: ProductKind,
  variant: ProductVariant,
  signal?: AbortSignal,
): Promise<number> {
  const { columns, rows: rowsOf } = sizes[device.traits.software ? "software" : "hardware"];
  const rows = rowsOf[rowClass];
  const extents: Extents = { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
  const program = buildProgram(`a product with ${format}`, (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("x", { shape: [1, columns], format: "f32" }));
    b.output("y", b.linear(x, b.weight("weight", { shape: [columns, columns], format })));
  });
  const traits = { ...device.traits, variantOf: () => variant };
  const executable = await WebGpuExecutable.compile(program, extents, device, traits);
  using x = zeros(device, program.weights.x!);
  using weight = zeros(device, program.weights.weight!);
  using lastToken = new WebGpuBuffer(device, "lastToken", [device.memory.allocate(4, "lastToken")], 4);
  using step = executable.bind({ weights: { x, weight }, states: { lastToken } });

  let fastest = Number.POSITIVE_INFINITY;
  for (let measurement = 0; measurement < MEASUREMENTS; measurement++) {
    signal?.throwIfAborted();
    await device.queue.settled();
    const start = performance.now();
    for (let run = 0; run < RUNS[rowClass]; run++) step.run(extents, {});
    await device.queue.settled();
    fastest = Math.min(fastest, (performance.now() - start) / 1000 / RUNS[rowClass]);
  }
  return fastest;
}

/** A weight that nobody wrote. */
function zeros(device: Device, spec: TensorSpec): WebGpuWeight {
  const buffers = shardsOf(spec, device.memory.maxBufferBytes).map(({ bytes }) =>
    device.memory.allocate(bytes, "a weight to be measured"),
  );
  return new WebGpuWeight(device, spec, buffers);
}
