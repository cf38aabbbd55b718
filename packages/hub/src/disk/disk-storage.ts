import { isModelName } from "../model-name.ts";
import type { ModelStorage } from "../storage.ts";
import { diskError, ifThere } from "./disk-error.ts";
import { nodeModules } from "./node.ts";
import { repositoryFolder } from "./repository-folder.ts";

/**
 * Models in a folder, laid out as the Python library `huggingface_hub` does, so that both can share it:
 *
 *     models--org--name/blobs/<digest>                     contents
 *     models--org--name/snapshots/<commit>/<file name>     links to them
 *     models--org--name/refs/<branch or tag>               the commit that it stood for
 *     .locks/models--org--name/                            who works on what
 *
 * Partial files and their journals lie among the blobs, with endings of Krait's own.
 */
export function diskStorage(folder: string): ModelStorage {
  const { fs, path, crypto } = nodeModules();
  return {
    location: folder,
    roomAdvice: "Make room, or choose another folder with KRAIT_CACHE.",
    async createHasher(algorithm) {
      const hash = crypto.createHash(algorithm === "piece" ? "sha256" : algorithm);
      return {
        update: (bytes) => void hash.update(bytes),
        digest: () => hash.digest("hex"),
      };
    },
    async freeBytes() {
      try {
        await fs.mkdir(folder, { recursive: true });
        const { bavail, bsize } = await fs.statfs(folder);
        return bavail * bsize;
      } catch (error) {
        throw diskError(error, folder);
      }
    },
    async models() {
      const names = (await ifThere(fs.readdir(folder))) ?? [];
      return names
        .filter((name) => name.startsWith("models--"))
        .map((name) => name.slice("models--".length).replace("--", "/"))
        .filter(isModelName)
        .sort();
    },
    model(id) {
      const name = `models--${id.replace("/", "--")}`;
      return repositoryFolder(path.join(folder, name), path.join(folder, ".locks", name));
    },
  };
}
