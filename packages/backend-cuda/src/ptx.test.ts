import { readdirSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { assemble, compilePtx, hasCompiler, sourceHash, sourceNames } from "../kernels/compile.ts";
import type { PtxModule } from "./launch.ts";

/** What must be in the PTX of kernels, by the beginning of their names: else they run at a fraction of their speed. */
const wanted: readonly (readonly [kernels: string, instruction: RegExp, why: string])[] = [
  ["embed_f32", /ld\.global\.(nc\.)?v4/, "rows of weights are read 16 bytes at a time"],
  ["embed_bf16", /ld\.global\.(nc\.)?v4/, "rows of weights are read 16 bytes at a time"],
  ["linear_few_rows_", /ld\.global\.nc\.v4/, "weights are read 16 bytes at a time"],
  ["linear_few_rows_q4_k_", /dp4a/, "four products of bytes are one instruction"],
  ["linear_few_rows_nvfp4_", /prmt/, "values of four bits are looked up in registers"],
  ["linear_tiled_bf16_", /mma\.sync\S*m16n8k16\S*bf16/, "tiles are multiplied on tensor cores"],
  ["linear_tiled_q4_k_", /mma\.sync\S*m16n8k16\S*f16/, "tiles are multiplied on tensor cores"],
  ["linear_tiled_bf16_", /cp\.async/, "tiles are copied while others are multiplied"],
  ["linear_tiled_bf16_", /ldmatrix/, "fragments are read four matrices at a time"],
  ["ssm_chunks", /mma\.sync\S*m16n8k8\S*tf32/, "chunks are multiplied on tensor cores"],
  ["attention_tiles_", /mma\.sync\S*m16n8k8\S*tf32/, "tiles are multiplied on tensor cores"],
  ["read_vectors", /ld\.global\.nc\.v4/, "memory is read 16 bytes at a time"],
  ["multiply_tiles", /mma\.sync\S*m16n8k16\S*bf16/, "tiles are multiplied on tensor cores"],
  ["attention_rows_bf16_5_16", /ld\.global\.nc\.v4/, "keys and values are read 16 bytes at a time"],
];

/** Compressed, of all modules together: one for each weight format, of which a model loads what it needs. */
const MOST_BYTES = 600 * 1024;

const textOf = ({ base64 }: PtxModule) => brotliDecompressSync(Buffer.from(base64, "base64")).toString();

/** The PTX of each kernel, by name. */
function kernelsOf(ptx: string): Map<string, string> {
  const parts = ptx.split(/^(?=\.visible \.entry )/m).slice(1);
  return new Map(parts.map((part) => [part.match(/^\.visible \.entry (\w+)/)![1]!, part]));
}

describe("the committed PTX", async () => {
  const modules = await Promise.all(
    readdirSync(new URL("ptx", import.meta.url)).map(async (file): Promise<PtxModule> => {
      const exported: Record<string, PtxModule> = await import(new URL(`ptx/${file}`, import.meta.url).href);
      return Object.values(exported)[0]!;
    }),
  );

  test("is that of every source, and of no other", () => {
    expect(modules.map(({ name }) => name).sort()).toEqual(sourceNames());
  });

  test.each(modules)("of $name belongs to its source; after a change: pnpm build:kernels", (module) => {
    expect(module.sourceHash).toBe(sourceHash(module.name));
  });

  test("is small", () => {
    const bytes = modules.reduce((sum, { base64 }) => sum + (base64.length * 3) / 4, 0);
    expect(bytes).toBeLessThan(MOST_BYTES);
  });

  test("is such that drivers of version 470 and GPUs of compute capability 8.0 take it", () => {
    for (const module of modules) expect(textOf(module)).toMatch(/^\.version 7\.4\n\.target sm_80$/m);
  });

  test.each(wanted)("has in %s the instruction %s: %s", (prefix, instruction) => {
    const kernels = modules
      .flatMap((module) => [...kernelsOf(textOf(module))])
      .filter(([name]) => name.startsWith(prefix));
    expect(kernels).not.toEqual([]);
    expect(kernels.filter(([, ptx]) => !instruction.test(ptx)).map(([name]) => name)).toEqual([]);
  });

  test("is what nvcc makes of the sources, and spills no register", { timeout: 900_000 }, async ({
    skip,
  }) => {
    if (!hasCompiler()) skip("nvcc and ptxas of CUDA 13 are not installed");
    const waiting = [...modules];
    const [changed, spilling]: string[][] = [[], []];
    const checkNext = async (): Promise<void> => {
      for (let module = waiting.shift(); module !== undefined; module = waiting.shift()) {
        const ptx = await compilePtx(module.name);
        if (ptx !== textOf(module)) changed!.push(module.name);
        const spills = (await assemble(ptx)).match(/^ptxas warning.*spill.*$/gm);
        if (spills !== null) spilling!.push(...spills);
      }
    };
    await Promise.all([checkNext(), checkNext()]);
    expect({ changed, spilling }).toEqual({ changed: [], spilling: [] });
  });
});
