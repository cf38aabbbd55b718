import { existsSync } from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Format } from "@krait/tensor";
import { peersFolder } from "../engines/peers.ts";
import { shapes } from "./shapes.ts";
import { randomModelBytes, writeRandomModel } from "./write-random-model.ts";

/** A model file, and what one token of decoding reads of it. */
export interface ModelFile {
  readonly path: string;
  readonly bytesPerToken: number;
}

/**
 * A model of this shape, whose matrices have this format, with random weights: a file that was made before,
 * in the folder `gguf` of the peers or else in that for temporary files, or a new one.
 *
 * @throws {Error} when the disk has no room for it.
 */
export async function modelFile(
  shape: string,
  format: Format,
  note: (text: string) => void,
): Promise<ModelFile> {
  const config = shapes[shape]!();
  const { all, perToken } = randomModelBytes(config, format);
  const folder = join(peersFolder() ?? tmpdir(), "gguf");
  const path = join(folder, `krait-${shape}-${format}.gguf`);
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free < all) throw new Error(`${path} needs ${gigabytes(all)}, but the disk has ${gigabytes(free)}.`);
    note(`Making ${path}, ${gigabytes(all)}`);
    await writeRandomModel(path, config, format);
  }
  return { path, bytesPerToken: perToken };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
