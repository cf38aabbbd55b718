import type { Extents, Step } from "@krait/tensor";
import type { BoundLaunch } from "./bound-launch.ts";
import { bucketOf } from "./bucket.ts";
import type { Device } from "./device/device.ts";
import { EventTimer } from "./device/event-timer.ts";
import { CudaStep } from "./step.ts";

/** What one kernel of a step took on the device. */
export interface LaunchTime {
  /** Of the Program's ops, the one that it is for. */
  readonly op: number;
  readonly kernel: string;
  readonly milliseconds: number;
}

/**
 * Runs a step kernel by kernel, each between two events of the device, instead of as one graph. What a kernel takes
 * includes the few microseconds from event to event.
 *
 * @param step - of this backend.
 * @throws {TypeError} for a step of another backend.
 */
export async function timeLaunches(
  step: Step,
  extents: Extents,
  feeds: Readonly<Record<string, ArrayBufferView>>,
): Promise<readonly LaunchTime[]> {
  if (!(step instanceof CudaStep)) throw new TypeError("Only steps of a CUDA backend can be timed.");
  return await step.prepare(extents, feeds, timeEach);
}

async function timeEach(
  device: Device,
  launches: readonly BoundLaunch[],
  extents: Extents,
  largest: Extents,
): Promise<readonly LaunchTime[]> {
  const bucket = bucketOf(extents, largest);
  using timer = new EventTimer(device);
  const timed: { readonly op: number; readonly kernel: string }[] = [];
  timer.mark();
  for (const launch of launches) {
    const grid = launch.grid(bucket);
    if (grid === undefined) continue;
    launch.enqueue(grid, bucket);
    timer.mark();
    timed.push({ op: launch.op, kernel: launch.kernel });
  }
  const milliseconds = await timer.milliseconds();
  return timed.map((launch, index) => ({ ...launch, milliseconds: milliseconds[index]! }));
}
