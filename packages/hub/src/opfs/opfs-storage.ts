import type { ModelStorage } from "../storage.ts";
import { Contents } from "./content.ts";
import { Folder } from "./folder.ts";
import { createHasher } from "./hashers.ts";
import { ModelIndices } from "./model-index.ts";
import { opfsError, roomAdvice } from "./opfs-error.ts";
import { type OpfsPlace, opfsModel } from "./opfs-model.ts";

export interface OpfsOptions {
  /** The folder's name in the origin's private file system; "krait" unless given. */
  readonly folder?: string | undefined;
}

/** Whether there is a private file system here, as in pages and workers that are served securely. */
export function hasOpfs(): boolean {
  return typeof globalThis.navigator?.storage?.getDirectory === "function" && navigator.locks !== undefined;
}

/**
 * Models in the origin private file system of a browser, for pages and workers of every kind:
 *
 *     <folder>/contents/<digest>/<piece>     contents, in pieces
 *     <folder>/models/<org%2Fname>.json      what names they have in which commit
 *
 * All pages and workers of the origin share it, and its contents: a file that two models have is there once.
 * It is the browser's to remove when the disk is full, unless it has been persuaded to keep it.
 */
export function opfsStorage({ folder = "krait" }: OpfsOptions = {}): ModelStorage {
  const root = new Folder(() => navigator.storage.getDirectory(), folder);
  const location = `the browser's storage of ${globalThis.location?.origin ?? "this page"}`;
  let asked: Promise<boolean> | undefined;
  const place: OpfsPlace = {
    location: `${location}/${folder}`,
    contents: new Contents(root.folder("contents")),
    indices: new ModelIndices(root.folder("models"), `krait-hub/${folder}/models`),
    async freeBytes() {
      // Only a page may ask, not a worker; a browser that declines stores the model all the same.
      asked ??= navigator.storage.persist?.().catch(() => false);
      await asked;
      const { quota, usage = 0 } = await navigator.storage.estimate();
      return quota === undefined ? Number.POSITIVE_INFINITY : Math.max(quota - usage, 0);
    },
  };
  return {
    location: place.location,
    roomAdvice,
    createHasher,
    freeBytes: place.freeBytes,
    async models() {
      try {
        return (await place.indices.ids()).sort();
      } catch (error) {
        throw opfsError(error, place.location);
      }
    },
    model: (id) => opfsModel(place, id),
  };
}
