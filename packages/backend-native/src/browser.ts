import { type Backend, KraitError } from "@krait/tensor";

/** What a page gets in place of this package, so that its bundler meets no module of Node. */
export async function createNativeBackend(): Promise<Backend> {
  throw new KraitError(
    "NATIVE_UNAVAILABLE",
    'Backend "native" is not there in browsers. Take backend "wasm".',
  );
}

export function hasNativeBackend(): boolean {
  return false;
}
