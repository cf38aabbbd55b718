import {
  type DeviceBuffer,
  dequantize,
  elementCount,
  isDType,
  PAGE_SIZE,
  quantize,
  type StateSpec,
  stateUnitBytes,
} from "@krait/tensor";
import { EngineError } from "./errors.ts";
import type { Snapshot, StatePool } from "./state-pool.ts";

/** One state of a sequence: of a slot, or of all its positions one after the other. */
export interface StoredState {
  readonly name: string;
  readonly per: "slot" | "page";
  /** Of the slot, or of one position. */
  readonly shape: readonly number[];
  readonly dtype: StateSpec["dtype"];
  readonly bytes: Uint8Array;
}

/** Reads what a snapshot holds. */
export async function readSnapshot(pool: StatePool, snapshot: Snapshot): Promise<StoredState[]> {
  const slot = await snapshot.states.read();
  const ofSlot = pool.snapshots.states.map(({ name, spec, byteOffset, byteLength }) => ({
    name,
    per: "slot" as const,
    shape: spec.shape,
    dtype: spec.dtype,
    bytes: slot.subarray(byteOffset, byteOffset + byteLength),
  }));
  const ofPages = pool.pageStates.map(async ({ name, spec, buffer }) => ({
    name,
    per: "page" as const,
    shape: spec.shape,
    dtype: spec.dtype,
    bytes: await readPages(buffer, spec, snapshot),
  }));
  return [...ofSlot, ...(await Promise.all(ofPages))];
}

/**
 * Fills a snapshot. Floats are converted where this backend keeps them in another precision.
 *
 * @throws {EngineError} `SESSION_INVALID` when the states are not those of this model.
 */
export function writeSnapshot(pool: StatePool, snapshot: Snapshot, stored: readonly StoredState[]): void {
  const byName = new Map(stored.map((state) => [state.name, state]));
  for (const { name, spec, byteOffset } of pool.snapshots.states) {
    snapshot.states.write(byteOffset, bytesFor(name, spec, byName.get(name), elementCount(spec.shape)));
  }
  for (const { name, spec, buffer } of pool.pageStates) {
    const values = snapshot.length * elementCount(spec.shape);
    const bytes = bytesFor(name, spec, byName.get(name), values);
    const pageBytes = stateUnitBytes(spec);
    for (const [index, page] of snapshot.pages.entries()) {
      const part = bytes.subarray(index * pageBytes, (index + 1) * pageBytes);
      if (part.byteLength > 0) buffer.write(page * pageBytes, part);
    }
  }
}

async function readPages(buffer: DeviceBuffer, spec: StateSpec, { pages, length }: Snapshot) {
  const pageBytes = stateUnitBytes(spec);
  const bytes = new Uint8Array((length * pageBytes) / PAGE_SIZE);
  const parts = await Promise.all(
    pages.map((page, index) => {
      const wanted = Math.min(pageBytes, bytes.byteLength - index * pageBytes);
      return wanted > 0 ? buffer.read(page * pageBytes, wanted) : undefined;
    }),
  );
  for (const [index, part] of parts.entries()) if (part) bytes.set(part, index * pageBytes);
  return bytes;
}

function bytesFor(
  name: string,
  spec: StateSpec,
  stored: StoredState | undefined,
  values: number,
): Uint8Array {
  const wanted = { name, per: spec.per, shape: spec.shape };
  if (stored === undefined || stored.per !== spec.per || stored.shape.join() !== spec.shape.join()) {
    throw new EngineError(
      "SESSION_INVALID",
      `The session has no state "${name}" of shape [${spec.shape.join(", ")}], which this model keeps. It is of another model.`,
      { expected: wanted, actual: stored && { ...stored, bytes: undefined } },
    );
  }
  if (stored.dtype === spec.dtype) return stored.bytes;
  const floats = [stored.dtype, spec.dtype].every(
    (dtype) => isDType(dtype) && dtype !== "i32" && dtype !== "u32",
  );
  if (!floats) {
    throw new EngineError(
      "SESSION_INVALID",
      `State "${name}" of the session is ${stored.dtype}, but this model keeps ${spec.dtype}.`,
      { expected: spec.dtype, actual: stored.dtype, values },
    );
  }
  return quantize(spec.dtype, dequantize(stored.dtype, stored.bytes));
}
