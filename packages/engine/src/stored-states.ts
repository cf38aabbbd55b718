import {
  type DeviceBuffer,
  dequantize,
  isDType,
  PAGE_SIZE,
  quantize,
  type StateSpec,
  stateUnitBytes,
} from "@krait/tensor";
import { EngineError } from "./errors.ts";
import type { Sequence, Snapshot, StatePool } from "./state-pool.ts";

/** One state of a sequence: of a slot, or of all its positions one after the other. */
export interface StoredState {
  readonly name: string;
  readonly per: "slot" | "page";
  /** Of the slot, or of one position. */
  readonly shape: readonly number[];
  readonly dtype: StateSpec["dtype"];
  readonly bytes: Uint8Array;
}

/**
 * Reads what a sequence or a snapshot holds now. All reads are enqueued before this returns, so that what is
 * enqueued after them may change it, or be given its memory.
 */
export async function readStates(pool: StatePool, holding: Sequence | Snapshot): Promise<StoredState[]> {
  const { length, pages } = holding;
  const ofSlot = readSlot(pool, holding).map(async ({ name, spec, bytes }) => ({
    ...{ name, per: "slot" as const, shape: spec.shape, dtype: spec.dtype },
    bytes: await bytes,
  }));
  const ofPages = pool.pageStates.map(async ({ name, spec, buffer }) => ({
    ...{ name, per: "page" as const, shape: spec.shape, dtype: spec.dtype },
    bytes: await readPages(buffer, spec, length, pages),
  }));
  return await Promise.all([...ofSlot, ...ofPages]);
}

/**
 * Fills a sequence or a snapshot. Floats are converted where this backend keeps them in another precision.
 *
 * @throws {EngineError} `SESSION_INVALID` when the states are not those of this model.
 */
export function writeStates(
  pool: StatePool,
  holding: Sequence | Snapshot,
  stored: readonly StoredState[],
): void {
  const byName = new Map(stored.map((state) => [state.name, state]));
  for (const { name, spec, byteOffset, byteLength } of pool.snapshots.states) {
    const bytes = bytesFor(name, spec, byName.get(name), byteLength);
    if (holding.kind === "snapshot") holding.states.write(byteOffset, bytes);
    else pool.buffers[name]!.write(holding.slot * byteLength, bytes);
  }
  for (const { name, spec, buffer } of pool.pageStates) {
    const pageBytes = stateUnitBytes(spec);
    const bytes = bytesFor(name, spec, byName.get(name), (holding.length * pageBytes) / PAGE_SIZE);
    for (const { first, at, count } of runsOf(holding.pages)) {
      const part = bytes.subarray(at * pageBytes, (at + count) * pageBytes);
      if (part.byteLength > 0) buffer.write(first * pageBytes, part);
    }
  }
}

/** What so many positions' states take when they are stored. */
export function storedBytes(pool: StatePool, length: number): number {
  return pool.snapshots.byteLength + (length * pool.pageBytes) / PAGE_SIZE;
}

/** The states of a slot, on their way: of a snapshot, where they lie together, in one read. */
function readSlot(pool: StatePool, holding: Sequence | Snapshot) {
  const { states } = pool.snapshots;
  if (holding.kind === "sequence") {
    return states.map(({ name, spec, byteLength }) => {
      const bytes = pool.buffers[name]!.read(holding.slot * byteLength, byteLength);
      return { name, spec, bytes };
    });
  }
  const together = holding.states.read();
  return states.map(({ name, spec, byteOffset, byteLength }) => {
    const bytes = together.then((all) => all.subarray(byteOffset, byteOffset + byteLength));
    return { name, spec, bytes };
  });
}

async function readPages(
  buffer: DeviceBuffer,
  spec: StateSpec,
  length: number,
  pages: readonly number[],
): Promise<Uint8Array> {
  const pageBytes = stateUnitBytes(spec);
  const bytes = new Uint8Array((length * pageBytes) / PAGE_SIZE);
  await Promise.all(
    runsOf(pages).map(async ({ first, at, count }) => {
      const wanted = Math.min(count * pageBytes, bytes.byteLength - at * pageBytes);
      if (wanted > 0) bytes.set(await buffer.read(first * pageBytes, wanted), at * pageBytes);
    }),
  );
  return bytes;
}

/** Pages that lie one after the other, to be read or written at once: the first, its index, and how many. */
function runsOf(pages: readonly number[]): { first: number; at: number; count: number }[] {
  const runs: { first: number; at: number; count: number }[] = [];
  for (const [at, page] of pages.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && page === last.first + last.count) last.count++;
    else runs.push({ first: page, at, count: 1 });
  }
  return runs;
}

function bytesFor(
  name: string,
  spec: StateSpec,
  stored: StoredState | undefined,
  byteLength: number,
): Uint8Array {
  const wanted = { name, per: spec.per, shape: spec.shape };
  if (stored === undefined || stored.per !== spec.per || stored.shape.join() !== spec.shape.join()) {
    throw new EngineError(
      "SESSION_INVALID",
      `The session has no state "${name}" of shape [${spec.shape.join(", ")}], which this model keeps. It is of another model.`,
      { expected: wanted, actual: stored && { ...stored, bytes: undefined } },
    );
  }
  const bytes = stored.dtype === spec.dtype ? stored.bytes : converted(name, spec, stored);
  if (bytes.byteLength === byteLength) return bytes;
  throw new EngineError(
    "SESSION_INVALID",
    `State "${name}" of the session would take ${bytes.byteLength} bytes here, but should take ${byteLength}: it is of ` +
      "another length than the session's tokens say.",
    { expected: byteLength, actual: bytes.byteLength },
  );
}

function converted(name: string, spec: StateSpec, stored: StoredState): Uint8Array {
  const floats = [stored.dtype, spec.dtype].every(
    (dtype) => isDType(dtype) && dtype !== "i32" && dtype !== "u32",
  );
  if (!floats) {
    throw new EngineError(
      "SESSION_INVALID",
      `State "${name}" of the session is ${stored.dtype}, but this model keeps ${spec.dtype}.`,
      { expected: spec.dtype, actual: stored.dtype },
    );
  }
  return quantize(spec.dtype, dequantize(stored.dtype, stored.bytes));
}
