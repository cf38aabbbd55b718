// Makes a folder of fixtures what packages/testing/fixtures holds: node compress.mjs FOLDER
// Goldens are replaced by their brotli-compressed form. Shards are removed: the tests draw them again.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const folder = process.argv[2];
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
for (const name of readdirSync(folder, { recursive: true })) {
  if (!name.endsWith(".safetensors")) continue;
  const path = join(folder, name);
  const isShard = /model-\d+-of-\d+\.safetensors$/.test(name);
  if (!isShard) writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params }));
  rmSync(path);
}
