import { readFile } from "node:fs/promises";
import type { Plugin } from "vitest/config";

/** `import source from "./kernel.wgsl"` gives the file's text in tests, as the build inlines it. */
export const wgsl: Plugin = {
  name: "wgsl",
  enforce: "pre",
  async load(id) {
    if (!id.endsWith(".wgsl")) return undefined;
    return `export default ${JSON.stringify(await readFile(id, "utf8"))}`;
  },
};
