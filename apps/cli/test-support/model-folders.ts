import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFixture } from "@krait/testing";
import { readFixture } from "../../../packages/tokenizer/fixtures/nemotron.ts";

/** A folder that is gone when its owner leaves the scope. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file, and gives its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "krait-cli-"));
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** The tokenizer and template of Nemotron Nano 9B v2, and nothing else. */
export async function tokenizerFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const files = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"];
  await Promise.all(files.map((file) => folder.write(file, readFixture(file))));
  return folder;
}

/** The fixture tiny-a: config and shards, no tokenizer. */
export async function checkpointFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const { files } = await openFixture("tiny-a");
  for (const [name, blob] of files) {
    if (/^(config|model)/.test(name)) await folder.write(name, new Uint8Array(await blob.arrayBuffer()));
  }
  return folder;
}
