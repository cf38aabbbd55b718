import { createRequire } from "node:module";
import { KERNEL_REVISION } from "@krait/cpu-kernels";
import { KraitError } from "@krait/tensor";

/** For what the kernels can be compiled; "baseline" is what every processor of its kind has. */
export type InstructionSet = "baseline" | "avx2" | "avx512" | "amx";

/** A queue of the addon with its threads and its memory. */
export interface Device {
  readonly device: unique symbol;
}

/** Why a read gave no bytes; `serial` is 0 where it did. */
export type ReadDone = (serial: number, step: number, check: number, fault: Uint8Array) => void;

/** The functions of `native/addon.c`. Addresses are numbers; nothing is checked there. */
export interface Addon {
  /** What its kernels expect to be given; `KERNEL_REVISION` where it was built with this package. */
  readonly revision: number;
  instructionSets(): InstructionSet[];
  /** @throws {Error} for another revision than its own. */
  open(threads: number, instructionSet: InstructionSet, revision: number): Device;
  close(device: Device): void;
  kernels(device: Device): Record<string, number>;
  allocate(device: Device, bytes: number): number;
  map(device: Device, path: string, byteOffset: number, bytes: number): number;
  peek(address: number, target: Uint8Array): void;
  poke(address: number, bytes: Uint8Array): void;
  write(device: Device, address: number, bytes: Uint8Array): void;
  clear(device: Device, address: number, bytes: number): void;
  copy(device: Device, target: number, bytes: number, source: number): void;
  populate(device: Device, address: number, bytes: number): void;
  release(device: Device, address: number, bytes: number): void;
  step(
    device: Device,
    number: number,
    list: number,
    entries: number,
    checks: number,
    parts: number,
    fault: number,
  ): void;
  forgive(device: Device, serial: number): void;
  read(device: Device, address: number, target: Uint8Array, done: ReadDone): void;
}

let loaded: Addon | undefined;

/**
 * The addon of this platform's package, or that which `KRAIT_NATIVE_ADDON` names.
 *
 * @throws {KraitError} `NATIVE_UNAVAILABLE` where there is none, none that this system loads, or one of other versions.
 */
export function loadAddon(): Addon {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const path = process.env.KRAIT_NATIVE_ADDON || `@krait/backend-native-${platform}/dist/krait.node`;
    loaded ??= checkRevision(createRequire(import.meta.url)(path) as Addon);
    return loaded;
  } catch (cause) {
    throw new KraitError(
      "NATIVE_UNAVAILABLE",
      `Backend "native" is not there for ${platform}: ${reasonOf(cause)}. ` +
        `Install @krait/backend-native-${platform} if there is one, or take backend "wasm".`,
      { cause },
    );
  }
}

/** The addon, unless its kernels expect other words or workspaces than they would be given: they check none. */
export function checkRevision<Built extends Pick<Addon, "revision">>(addon: Built): Built {
  if (addon.revision === KERNEL_REVISION) return addon;
  throw new Error(
    `its kernels are of revision ${addon.revision}, and @krait/cpu-kernels of ${KERNEL_REVISION}`,
  );
}

/** Whether this machine has the addon. */
export function hasNativeBackend(): boolean {
  try {
    loadAddon();
    return true;
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0]!;
}
