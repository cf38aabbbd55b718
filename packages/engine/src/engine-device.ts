import type { Model } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { Executor } from "./executor.ts";
import type { HostCopies } from "./host-copies.ts";
import { PrefixCache } from "./prefix-cache.ts";
import type { Device } from "./roster.ts";

/** A model on a backend with everything that an engine keeps there. */
export interface EngineDevice extends Device {
  readonly executor: Executor;
  dispose(): void;
}

export interface DeviceOptions {
  /** Whether there is a prefix cache. */
  readonly cache: boolean;
  readonly copies: HostCopies;
  readonly warn: (code: string, message: string) => void;
}

/** @throws what the backend throws, out of memory above all; then everything taken so far is freed. */
export function openDevice(
  model: Model,
  backend: Backend,
  { cache, copies, warn }: DeviceOptions,
): EngineDevice {
  const executor = new Executor(model, backend);
  let isDisposed = false;
  return {
    executor,
    copies,
    cache: cache ? new PrefixCache(executor.pool, warn) : undefined,
    dispose() {
      if (!isDisposed) executor.dispose();
      isDisposed = true;
    },
  };
}
