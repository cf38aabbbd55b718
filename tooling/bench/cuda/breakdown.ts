import type { Op } from "@krait/tensor";
import { type Figure, figure } from "../figure.ts";
import { costOf } from "../ops/op-cost.ts";
import { nameOf } from "../ops/time-ops.ts";
import { median } from "../paired.ts";
import type { Ceilings } from "./ceilings.ts";
import type { ProgramTimes } from "./synthetic-batch.ts";

/** What all ops of one name take of a step. */
interface Part {
  readonly milliseconds: number[];
  launches: number;
  bytes: number;
  operations: number;
}

/**
 * A step's parts by the device's clock, kernel by kernel: the time of each kind of op, its share, and how near it
 * comes to what the device can do. What is fused counts where its kernel is launched.
 *
 * @param rounds - that are counted, after a first.
 * @param time - runs the step once more.
 */
export async function* measureBreakdown(
  label: string,
  ceilings: Ceilings,
  rounds: number,
  time: () => Promise<readonly ProgramTimes[]>,
): AsyncGenerator<Figure> {
  const parts = new Map<string, Part>();
  await time();
  for (let round = 0; round < rounds; round++) addRound(parts, await time());
  const total = [...parts.values()].reduce((sum, { milliseconds }) => sum + median(milliseconds), 0);
  const launches = [...parts.values()].reduce((sum, part) => sum + part.launches, 0);
  yield figure({ name: `${label}.kernels`, value: launches, unit: "launches", milliseconds: total });
  const ordered = [...parts].sort(([, a], [, b]) => median(b.milliseconds) - median(a.milliseconds));
  for (const [name, { milliseconds, bytes, operations }] of ordered) {
    const each = median(milliseconds);
    const [bandwidth, rate] = [(1000 * bytes) / each, (1000 * operations) / each];
    const isArithmetic = rate / ceilings.multiply > bandwidth / ceilings.read;
    yield figure({
      name: `${label}.${name}`,
      value: (isArithmetic ? rate : bandwidth) / 1e9,
      unit: isArithmetic ? "Gop/s" : "GB/s",
      milliseconds: each,
      share: each / total,
      peer: isArithmetic
        ? { value: ceilings.multiply / 1e9, name: "mma.sync" }
        : { value: ceilings.read / 1e9, name: "read" },
    });
  }
}

/** Adds one round's times to those of each part; bytes and operations are the same in every round. */
function addRound(parts: Map<string, Part>, programs: readonly ProgramTimes[]): void {
  const round = new Map<string, Part>();
  for (const { program, extents, launches } of programs) {
    const counted = new Set<Op>();
    for (const { op: index, milliseconds } of launches) {
      const op = program.ops[index]!;
      const name = nameOf(op);
      const part = round.get(name) ?? { milliseconds: [0], launches: 0, bytes: 0, operations: 0 };
      round.set(name, part);
      part.milliseconds[0]! += milliseconds;
      part.launches++;
      if (counted.has(op)) continue;
      counted.add(op);
      const { bytes, operations } = costOf(op, program, extents);
      part.bytes += bytes;
      part.operations += operations;
    }
  }
  for (const [name, part] of round) {
    const known = parts.get(name);
    if (known === undefined) parts.set(name, part);
    else known.milliseconds.push(part.milliseconds[0]!);
  }
}
