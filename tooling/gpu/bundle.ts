import { cpSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");

/** Suites of the benchmark that are not for such a machine, and need more than it has. */
const otherSuites = /^\.\/(?!cuda\/)[\w-]+\/suite\.ts$/;

/**
 * Writes the tests and the benchmark of the CUDA backend as programs for plain Node on Linux: sources
 * of this repository bundled, koffi, the fixtures and what measures PyTorch beside them.
 */
export async function bundlePrograms(folder: string): Promise<void> {
  const programs = join(folder, "program");
  await build({
    config: false,
    entry: {
      correctness: join(root, "packages/backend-cuda/test-support/correctness.ts"),
      bench: join(root, "tooling/bench/main.ts"),
    },
    outDir: programs,
    outExtension: () => ({ js: ".mjs" }),
    format: ["esm"],
    target: "node20",
    platform: "node",
    silent: true,
    removeNodeProtocol: false, // `node:test` has no name without it
    clean: true,
    loader: { ".wgsl": "text" },
    noExternal: [/^(?!koffi$|webgpu$|playwright$|\.)/],
    external: ["koffi", "webgpu", "playwright", otherSuites],
    esbuildOptions(options) {
      options.conditions = ["@krait/source"];
      options.alias = { vitest: join(here, "test-runner.ts") };
    },
  });
  cpSync(join(root, "tooling/bench/cuda/transformers-peer.py"), join(programs, "transformers-peer.py"));
  copyKoffi(join(programs, "node_modules"));
  cpSync(join(root, "packages/testing/fixtures"), join(folder, "fixtures"), { recursive: true });
}

/** koffi and its binary for Linux on x64; where another machine packs, it has to be installed there. */
function copyKoffi(modules: string): void {
  const koffi = realpathSync(join(root, "packages/backend-cuda/node_modules/koffi"));
  mkdirSync(modules, { recursive: true });
  cpSync(koffi, join(modules, "koffi"), {
    recursive: true,
    dereference: true,
    filter: (path) => !/\/koffi\/(vendor|doc|node_modules)(\/|$)/.test(path),
  });
  const binaries = join(koffi, "../@koromix");
  for (const name of readdirSync(binaries).filter((each) => /linux-(x64|arm64)$/.test(each))) {
    cpSync(join(binaries, name), join(modules, "@koromix", name), { recursive: true, dereference: true });
  }
}
