import { BindingError, type CopyRegion, checkCopy, type DeviceBuffer } from "@krait/tensor";
import { WebGpuBuffer } from "./buffer.ts";
import type { Device } from "./device/device.ts";

/** What a copy within one buffer passes through, at most so many bytes at a time. */
const DETOUR_BYTES = 2 ** 24;

/** Enqueues copies. WebGPU does not copy within one buffer, so such a copy takes a detour through another. */
export function copyRegions(device: Device, regions: readonly CopyRegion[]): void {
  const copies = regions.flatMap((region) => [...piecesOf(device, region)]);
  const within = copies.filter(({ source, target }) => source === target);
  const longest = Math.max(0, ...within.map(({ byteLength }) => byteLength));
  const detour = longest > 0 ? device.memory.allocate(Math.min(longest, DETOUR_BYTES), "copy") : undefined;
  const encoder = device.queue.encoder();
  for (const { source, sourceOffset, target, targetOffset, byteLength } of copies) {
    if (source !== target || detour === undefined) {
      encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, byteLength);
      continue;
    }
    for (let at = 0; at < byteLength; at += DETOUR_BYTES) {
      const bytes = Math.min(DETOUR_BYTES, byteLength - at);
      encoder.copyBufferToBuffer(source, sourceOffset + at, detour, 0, bytes);
      encoder.copyBufferToBuffer(detour, 0, target, targetOffset + at, bytes);
    }
  }
  if (detour !== undefined) device.free(detour);
}

/** A copy of which both ends lie in one buffer. */
interface Copy {
  readonly source: GPUBuffer;
  readonly sourceOffset: number;
  readonly target: GPUBuffer;
  readonly targetOffset: number;
  readonly byteLength: number;
}

function* piecesOf(device: Device, region: CopyRegion): Generator<Copy> {
  const source = ownBuffer(device, region.source);
  const target = ownBuffer(device, region.target);
  checkCopy(region, source, target);
  let { targetOffset } = region;
  for (const from of source.pieces(region.sourceOffset, region.byteLength)) {
    let sourceOffset = from.byteOffset;
    for (const to of target.pieces(targetOffset, from.byteLength)) {
      const { byteLength, byteOffset } = to;
      yield { source: from.buffer, sourceOffset, target: to.buffer, targetOffset: byteOffset, byteLength };
      sourceOffset += byteLength;
      targetOffset += byteLength;
    }
  }
}

function ownBuffer(device: Device, buffer: DeviceBuffer): WebGpuBuffer {
  if (buffer instanceof WebGpuBuffer && buffer.isOf(device)) return buffer;
  throw new BindingError("A copy names a buffer of another backend.");
}
