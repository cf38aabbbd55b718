import { BindingError, type CopyRegion, checkCopy, type DeviceBuffer } from "@krait/tensor";
import { CudaBuffer } from "./buffer.ts";
import type { Device } from "./device/device.ts";

/** Checks all regions, then enqueues their copies. */
export function copyRegions(device: Device, regions: readonly CopyRegion[]): void {
  const copies = regions.map((region) => {
    const source = ownBuffer(device, region.source);
    const target = ownBuffer(device, region.target);
    checkCopy(region, source, target);
    return { region, source: source.address, target: target.address };
  });
  for (const { region, source, target } of copies) {
    if (region.byteLength === 0) continue;
    const [to, from] = [target + BigInt(region.targetOffset), source + BigInt(region.sourceOffset)];
    device.queue.copy(to, from, region.byteLength);
  }
}

function ownBuffer(device: Device, buffer: DeviceBuffer): CudaBuffer {
  if (buffer instanceof CudaBuffer && buffer.isOf(device)) return buffer;
  throw new BindingError("A copy names a buffer of another backend.");
}
