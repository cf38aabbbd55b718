import {
  checkWeight,
  isDType,
  KraitError,
  MemoryLimitError,
  type TensorSpec,
  type WeightSource,
  weightPieces,
} from "@krait/tensor";
import { type Held, heldAs, weightFormats } from "./held.ts";
import { type KernelModule, STAGING_BYTES } from "./kernel-module.ts";
import type { Memory } from "./memory.ts";
import type { Shards } from "./shards/shards.ts";
import { WasmWeight } from "./weight.ts";

/** Where weights go. */
export interface WeightPlaces {
  readonly kernels: KernelModule;
  readonly memory: Memory;
  readonly shards: Shards;
  /** How far the kernels' own memory may be in use with a weight in it. */
  readonly ownWeightBytes: number;
}

/**
 * Brings a weight piece by piece to where the kernels read it, so that nothing of it is held twice.
 *
 * @throws {UnsupportedOpError} for a format that is not in {@link weightFormats}.
 * @throws {WeightLengthError} when the source gives too few or too many bytes.
 * @throws {MemoryLimitError} when there is no room for it.
 */
export async function loadWeight(
  places: WeightPlaces,
  spec: TensorSpec,
  source: WeightSource,
  signal: AbortSignal | undefined,
): Promise<WasmWeight> {
  signal?.throwIfAborted();
  checkWeight(spec, source, "wasm", weightFormats);
  const held = heldAs(spec, places.kernels);
  const weight = isElsewhere(spec, held, places) ? await share(spec, held, places) : keep(spec, held, places);
  try {
    for await (const { byteOffset, bytes } of weightPieces(spec, source, signal)) {
      weight.fill(byteOffset, bytes);
    }
  } catch (error) {
    weight[Symbol.dispose]();
    throw error;
  }
  return weight;
}

/** Whether a weight goes to memories beside the kernels' own, which is full. */
function isElsewhere(spec: TensorSpec, held: Held, places: WeightPlaces): boolean {
  const { memory, shards, ownWeightBytes } = places;
  const isFull = memory.usedBytes + held.bytes(held.rows) > ownWeightBytes;
  return isFull && shards.takes(spec, held);
}

async function share(spec: TensorSpec, held: Held, { memory, shards }: WeightPlaces): Promise<WasmWeight> {
  const bytes = held.bytes(held.rows);
  const label = `weight [${spec.shape.join(", ")}]`;
  const giveBack = memory.count(bytes, label);
  try {
    const number = await shards.hold(held);
    return new WasmWeight(spec, bytes, {
      address: number,
      fill: (byteOffset, piece) => shards.fill(number, byteOffset / held.rowBytes, piece),
      release() {
        shards.release(number);
        giveBack();
      },
    });
  } catch (error) {
    giveBack();
    if (error instanceof RangeError)
      throw new MemoryLimitError(label, bytes, memory.allocatedBytes, memory.memoryBytes);
    throw error;
  }
}

function keep(spec: TensorSpec, held: Held, { kernels, memory }: WeightPlaces): WasmWeight {
  if (!isDType(spec.format) && held.rowBytes > STAGING_BYTES) {
    throw new KraitError(
      "WASM_ROW_TOO_LONG",
      `A weight [${spec.shape.join(", ")}] in ${spec.format} has rows of ${held.rowBytes} bytes, ` +
        `expected at most ${STAGING_BYTES}.`,
    );
  }
  const bytes = held.bytes(held.rows);
  const buffer = memory.allocate(bytes, `weight [${spec.shape.join(", ")}]`);
  const fillTiles = (byteOffset: number, piece: Uint8Array): void => {
    const first = byteOffset / held.rowBytes;
    const most = Math.floor(STAGING_BYTES / held.rowBytes);
    for (let row = 0; row < piece.byteLength / held.rowBytes; row += most) {
      const rows = piece.subarray(row * held.rowBytes, (row + most) * held.rowBytes);
      memory.bytes(kernels.staging, rows.byteLength).set(rows);
      const count = rows.byteLength / held.rowBytes;
      kernels.fill(
        buffer.address,
        held.format,
        held.columns,
        first + row,
        count,
        kernels.staging,
        held.rowBytes,
      );
    }
  };
  return new WasmWeight(spec, bytes, {
    address: buffer.address,
    fill: isDType(spec.format) ? (byteOffset, piece) => buffer.write(byteOffset, piece) : fillTiles,
    bytes: () => buffer.bytes(),
    release: () => buffer[Symbol.dispose](),
  });
}
