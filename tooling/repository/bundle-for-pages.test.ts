import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { root } from "./workspace.ts";

test.each(["krait", "worker", "hub"])(
  "%s can be bundled for a page by what knows no module of Node",
  async (name) => {
    const { errors, outputFiles } = await build({
      entryPoints: [join(root, "packages", name, "src/index.ts")],
      conditions: ["@krait/source"],
      // As its condition "browser" has it where it is installed.
      alias: { "@krait/backend-native": join(root, "packages/backend-native/src/browser.ts") },
      loader: { ".wgsl": "text", ".cu": "text", ".wasm": "binary" },
      bundle: true,
      format: "esm",
      platform: "browser",
      splitting: true,
      outdir: "out",
      write: false,
      logLevel: "silent",
    }).catch((failure) => failure);
    expect(errors.map(({ text }: { text: string }) => text)).toEqual([]);
    expect(outputFiles.length).toBeGreaterThan(0);
  },
);
