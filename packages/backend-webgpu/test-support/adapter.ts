import { describe, test } from "vitest";
import { findAdapter } from "../src/adapter.ts";

/** The adapter of this machine, a graphics card's or a software driver's; undefined where there is none. */
export const adapter: GPUAdapter | undefined = await findAdapter().catch(() => undefined);

/** Registers tests that need an adapter; without one, a skipped test stands for them. */
export async function withAdapter(name: string, register: () => void | Promise<void>): Promise<void> {
  if (adapter === undefined) describe(name, () => test.skip("needs a WebGPU adapter", () => {}));
  else await register();
}
