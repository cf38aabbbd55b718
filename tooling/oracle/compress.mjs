// Replaces every safetensors file below a folder by its brotli-compressed form: node compress.mjs FOLDER
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const folder = process.argv[2];
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
for (const name of readdirSync(folder, { recursive: true })) {
  if (!name.endsWith(".safetensors")) continue;
  const path = join(folder, name);
  writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params }));
  rmSync(path);
}
