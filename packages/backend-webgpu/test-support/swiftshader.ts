import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const manifest = "vk_swiftshader_icd.json";

/**
 * The manifest of SwiftShader, a Vulkan driver for processors that comes with Chromium: beside the browser,
 * or where distributions put what belongs to it.
 */
export function findSwiftShader(): string | undefined {
  const own = process.env.CHROMIUM === undefined ? [] : [dirname(process.env.CHROMIUM)];
  return [...own, ...(process.env.PATH ?? "").split(delimiter)]
    .flatMap((folder) => [folder, join(dirname(folder), "lib", "chromium")])
    .map((folder) => join(folder, manifest))
    .find(existsSync);
}
