import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Another engine, where someone has installed it. */
export interface Peer {
  /** Name and version. */
  readonly name: string;
  readonly folder: string;
  /** The module that its package exports. */
  readonly entry: string;
}

/**
 * The folder named by the environment variable `KRAIT_PEERS`, in which other engines are installed:
 *
 *   npm install --prefix <folder> node-llama-cpp @wllama/wllama
 */
export function peersFolder(): string | undefined {
  return process.env.KRAIT_PEERS && resolve(process.env.KRAIT_PEERS);
}

/** llama.cpp as a native addon. */
export function nodeLlamaCpp(): Peer | undefined {
  return peer("node-llama-cpp", "dist/index.js");
}

/** llama.cpp in WebAssembly, for browsers. */
export function wllama(): Peer | undefined {
  return peer("@wllama/wllama", "esm/index.js");
}

function peer(packageName: string, entryFile: string): Peer | undefined {
  const manifest = join(peersFolder() ?? "", "node_modules", packageName, "package.json");
  if (peersFolder() === undefined || !existsSync(manifest)) return undefined;
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  const folder = dirname(manifest);
  return { name: `${packageName} ${version}`, folder, entry: join(folder, entryFile) };
}
