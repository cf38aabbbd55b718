import { readFile } from "node:fs/promises";
import type { BareDevice } from "./bare-device.ts";

/** What an adapter can do at most, as simple kernels find it. */
export interface Ceilings {
  /** Bytes a second, read and written, of a copy of memory. */
  readonly copy: number;
  /** Multiplications and additions a second in f32. */
  readonly multiplyAdd: number;
}

const INVOCATIONS = 2 ** 16;

export async function measureCeilings(device: BareDevice, isSoftware: boolean): Promise<Ceilings> {
  const bytes = 2 ** (isSoftware ? 26 : 27);
  const buffers = [device.buffer(bytes), device.buffer(bytes)];
  const copySeconds = await device.seconds({
    source: await shader("copy"),
    buffers,
    workgroups: [1024, bytes / 16 / 64 / 1024],
  });
  const steps = isSoftware ? 64 : 1024;
  const multiplySeconds = await device.seconds({
    source: await shader("multiply-add"),
    constants: { STEPS: steps },
    buffers,
    workgroups: [INVOCATIONS / 64],
  });
  for (const buffer of buffers) buffer.destroy();
  return {
    copy: (2 * bytes) / copySeconds,
    multiplyAdd: (INVOCATIONS * steps * 8 * 4 * 2) / multiplySeconds,
  };
}

/** The text of a kernel of this folder. */
export function shader(name: string): Promise<string> {
  return readFile(new URL(`${name}.wgsl`, import.meta.url), "utf8");
}
