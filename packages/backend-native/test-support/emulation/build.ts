import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "../../native/build.mjs";

const emulation = fileURLToPath(new URL(".", import.meta.url));
const sources = [
  emulation,
  ...["native", "kernels", "../cpu-kernels/kernels"].map((folder) => join(emulation, "../..", folder)),
];

/** The folder of node_api.h, which the package of the platform has. */
function headers(): string {
  const platform = new URL("../../../backend-native-linux-x64/package.json", import.meta.url);
  return (createRequire(platform)("node-api-headers") as { include_dir: string }).include_dir;
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  for (const folder of sources) {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (statSync(path).isFile()) hash.update(name).update(readFileSync(path));
    }
  }
  return hash.digest("hex").slice(0, 32);
}

/**
 * The addon whose kernels for AVX-512 and AMX run on any processor with AVX2; compiled where a source has changed.
 *
 * @returns its path; undefined on other processors, and where there is no C compiler.
 */
export async function buildEmulatedAddon(): Promise<string | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = join(tmpdir(), "krait-native-emulated");
  const path = join(folder, `${hashOfSources()}.node`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await buildAddon({ output: temporary, headers: headers(), emulation });
  if (!existsSync(temporary)) return undefined;
  renameSync(temporary, path);
  return path;
}
