import { KraitError } from "@krait/tensor";
import { kernelsBase64 } from "./kernels-base64.ts";
import { withSharedMemory } from "./shared-memory.ts";

/** The kernels with plain SIMD, and those that have the relaxed dot product of bytes besides. */
export type KernelBuild = keyof typeof kernelsBase64;

/** What the relaxed dot product makes of bytes with the highest bit set; as `DotRange` in `kernels/dot.h`. */
export const dotRanges = ["seven bits", "eight bits, signed", "eight bits, unsigned"] as const;

export type DotRange = (typeof dotRanges)[number];

/** A compiled build, and what it may multiply. */
export interface CompiledKernels {
  readonly build: KernelBuild;
  readonly module: WebAssembly.Module;
  readonly dotRange: DotRange;
  /** The same for a memory that threads share; compiled when it is first asked for. */
  shared(): Promise<WebAssembly.Module>;
}

const chosen = new Map<KernelBuild | "auto", Promise<CompiledKernels>>();

/**
 * The build that runs fastest here and computes right: relaxed where the engine has it and it passes a
 * test on this processor, plain otherwise. Compiled once.
 *
 * @throws {KraitError} `WASM_BUILD_UNAVAILABLE` when a build is asked for that does not work here.
 */
export function compileKernels(build: KernelBuild | "auto"): Promise<CompiledKernels> {
  let compiled = chosen.get(build);
  if (compiled === undefined) {
    compiled = build === "auto" ? compileBest() : compileBuild(build);
    chosen.set(build, compiled);
  }
  return compiled;
}

async function compileBest(): Promise<CompiledKernels> {
  return compileKernels("relaxed").catch(() => compileKernels("plain"));
}

async function compileBuild(build: KernelBuild): Promise<CompiledKernels> {
  const bytes = await unpack(kernelsBase64[build]);
  const module = await WebAssembly.compile(bytes).catch((cause: unknown) => {
    throw unavailable(build, "this engine does not compile it", cause);
  });
  let sharedModule: Promise<WebAssembly.Module> | undefined;
  const shared = (): Promise<WebAssembly.Module> => {
    sharedModule ??= WebAssembly.compile(withSharedMemory(bytes));
    return sharedModule;
  };
  if (build === "plain") return { build, module, dotRange: "seven bits", shared };
  const dotRange = await probeDot(module);
  if (dotRange === undefined) throw unavailable(build, "its dot product computes wrongly here");
  return { build, module, dotRange, shared };
}

function unavailable(build: KernelBuild, reason: string, cause?: unknown): KraitError {
  return new KraitError(
    "WASM_BUILD_UNAVAILABLE",
    `The ${build} build of the kernels cannot be used: ${reason}. Leave "build" out, and one that can is chosen.`,
    { cause },
  );
}

async function unpack(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(bytes).arrayBuffer());
}

/** Bytes that would show a factor, a lost sum, saturation, or the other signedness. */
const small = [0, 1, 2, 63, 64, 99, 126, 127];
const large = [128, 129, 192, 200, 254, 255];
const signed = [-127, -100, -1, 0, 1, 64, 126, 127];

/** What bytes mean to the relaxed dot product here; undefined when it is wrong even for those below 128. */
export async function probeDot(module: WebAssembly.Module): Promise<DotRange | undefined> {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
  const none = (): void => {};
  const env = { memory, multiplyShards: none, widenShards: none, runParts: none };
  const { exports } = await WebAssembly.instantiate(module, { env });
  const heap = (exports.__heap_base as WebAssembly.Global).value as number;
  const at = { x: heap, weights: heap + 16, sums: heap + 32 };
  const probe = exports.probe_dot as (x: number, weights: number, seed: number, sums: number) => void;

  const holds = (bytes: readonly number[], meaning: (byte: number) => number): boolean =>
    vectorsOf(bytes).every(({ x, weights }) => {
      new Int8Array(memory.buffer, at.x, 4).set(x);
      new Uint8Array(memory.buffer, at.weights, 16).set(weights);
      probe(at.x, at.weights, 1000, at.sums);
      return [...new Int32Array(memory.buffer, at.sums, 4)].every((sum, row) => {
        const products = x.map((value, j) => value * meaning(weights[4 * row + j]!));
        return sum === products.reduce((total, product) => total + product, 1000);
      });
    });
  if (!holds(small, (byte) => byte)) return undefined;
  const all = [...small, ...large];
  if (holds(all, (byte) => (byte < 128 ? byte : byte - 256))) return "eight bits, signed";
  if (holds(all, (byte) => byte)) return "eight bits, unsigned";
  return "seven bits";
}

/** Every pair of a signed byte and one of `bytes`, in every place of a vector, among others of all kinds. */
function vectorsOf(bytes: readonly number[]): { x: number[]; weights: number[] }[] {
  return signed.flatMap((_, i) =>
    bytes.map((_, k) => ({
      x: [0, 1, 2, 3].map((j) => signed[(i + (j >> 1) * 3 + (j & 1) * (k & 1)) % signed.length]!),
      weights: Array.from({ length: 16 }, (_, j) => bytes[(k + (j & 1 ? 0 : j)) % bytes.length]!),
    })),
  );
}
