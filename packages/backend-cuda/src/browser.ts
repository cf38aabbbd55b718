import type { Backend } from "@krait/tensor";
import { CudaUnavailableError } from "./cuda-errors.ts";

export { CudaError, CudaUnavailableError } from "./cuda-errors.ts";

/** What a page gets in place of this package, so that its bundler meets no module of Node. */
export async function createCudaBackend(): Promise<Backend> {
  throw new CudaUnavailableError('browsers do not have it; take backend "webgpu"');
}
