import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { expect, test } from "vitest";
import { root } from "./workspace.ts";

const forPages: BuildOptions = {
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
  metafile: true,
  logLevel: "silent",
};

const entryOf = (name: string): string => join(root, "packages", name, "src/index.ts");

test.each(["krait", "worker", "hub"])(
  "%s can be bundled for a page by what knows no module of Node",
  async (name) => {
    const { errors, outputFiles } = await build({ ...forPages, entryPoints: [entryOf(name)] }).catch(
      (failure) => failure,
    );
    expect(errors.map(({ text }: { text: string }) => text)).toEqual([]);
    expect(outputFiles.length).toBeGreaterThan(0);
  },
);

test("the engine runs without the tokenizer, which whoever gives it token ids has no use for", async () => {
  const inputsOf = async (name: string): Promise<string> => {
    const { metafile } = await build({ ...forPages, entryPoints: [entryOf(name)] });
    return Object.keys(metafile!.inputs).join("\n");
  };
  expect(await inputsOf("engine")).not.toMatch(/packages\/tokenizer\/|@huggingface/);
  expect(await inputsOf("krait")).toMatch(/packages\/tokenizer\//);
});
