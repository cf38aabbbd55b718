// Compiles kernels to PTX and writes it where the package finds it, all of it or the sources that are named:
//
//   node kernels/build.ts [rms-norm …]
//
// Needs nvcc and ptxas of CUDA 13. What is written is committed, so that nobody who only runs or tests Krait
// needs them; a test says when it no longer belongs to these sources.
import { writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { assemble, compilePtx, sourceHash, sourceNames } from "./compile.ts";

const asked = process.argv.slice(2);
const waiting = asked.length > 0 ? asked : sourceNames();
await Promise.all([buildNext(), buildNext()]);

async function buildNext(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await build(name);
}

async function build(name: string): Promise<void> {
  const ptx = await compilePtx(name);
  await assemble(ptx);
  const constant = `${name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}Ptx`;
  const packed = brotliCompressSync(ptx).toString("base64");
  writeFileSync(
    new URL(`../src/ptx/${name}.ts`, import.meta.url),
    `// Written by kernels/build.ts from kernels/${name}.cu.
import type { PtxModule } from "../launch.ts";

export const ${constant}: PtxModule = {
  name: "${name}",
  sourceHash: "${sourceHash(name)}",
  base64:
    "${packed}",
};
`,
  );
  console.log(`${name}: ${(packed.length / 1024).toFixed(1)} KB`);
}
