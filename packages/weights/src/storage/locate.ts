import { WeightError } from "../weight-error.ts";
import { blobFiles, blobName } from "./blobs.ts";
import { type FileSet, readFailed } from "./byte-source.ts";
import { directoryFiles, isNotFound } from "./file-system.ts";
import { urlFiles } from "./http.ts";
import type { HttpAccess } from "./http-retry.ts";
import { nodeModules } from "./node.ts";

/** A folder, or one file of it, as a path or URL; a blob; or the blobs of a folder by file name. */
export type ModelLocation = string | URL | Blob | ReadonlyMap<string, Blob>;

/** A folder, and the file in it if the location named one. */
export interface Located {
  readonly files: FileSet;
  readonly fileName: string | undefined;
}

/** Says where a location lies. Only a path is looked at, and a folder listed; nothing is fetched. */
export async function locate(location: ModelLocation, access: HttpAccess): Promise<Located> {
  if (location instanceof Blob) {
    const fileName = blobName(location);
    return { files: blobFiles(new Map([[fileName, location]])), fileName };
  }
  if (typeof location !== "string" && !(location instanceof URL)) {
    return { files: blobFiles(location), fileName: ggufAmong(location.keys()) };
  }
  const url = typeof location === "string" ? parseUrl(location) : location;
  if (url === undefined) return await locatePath(String(location));
  if (url.protocol === "file:") return await locatePath(pathOf(url));
  return locateUrl(url, access);
}

/** GGUF files have no usual name: the only one, or the first part of the only split one, where there are no safetensors. */
function ggufAmong(names: Iterable<string>): string | undefined {
  const sorted = [...names].sort();
  if (sorted.some((name) => /\.safetensors(\.index\.json)?$/.test(name))) return undefined;
  const files = sorted.filter((name) => /\.gguf$/i.test(name));
  const models = new Set(files.map((name) => name.replace(/-\d{5}-of-\d{5}(?=\.gguf$)/i, "")));
  return models.size === 1 ? files[0] : undefined;
}

/** A string with a scheme of two letters or more is a URL; `C:\models` is a path. */
function parseUrl(text: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

function pathOf(url: URL): string {
  try {
    return nodeModules(url.href).url.fileURLToPath(url);
  } catch (error) {
    throw readFailed(url.href, error); // a host, or an encoded separator
  }
}

async function locatePath(location: string): Promise<Located> {
  const { fs, path } = nodeModules(location);
  const stats = await fs.stat(location).catch((error) => {
    throw isNotFound(error) ? missing(location) : readFailed(location, error);
  });
  if (stats.isDirectory()) {
    const names = await fs.readdir(location).catch((error) => {
      throw readFailed(location, error);
    });
    return { files: directoryFiles(location), fileName: ggufAmong(names) };
  }
  return { files: directoryFiles(path.dirname(location)), fileName: path.basename(location) };
}

/** A URL names a file if it ends like one that holds weights, and otherwise a folder. */
function locateUrl(url: URL, access: HttpAccess): Located {
  const isFile = /\.(safetensors|safetensors\.index\.json|gguf)$/i.test(url.pathname);
  const base = new URL(url);
  base.pathname = isFile ? base.pathname.replace(/[^/]*$/, "") : base.pathname.replace(/\/?$/, "/");
  const fileName = isFile ? decodeSegment(url.pathname.slice(base.pathname.length)) : undefined;
  return { files: urlFiles(base, access), fileName };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not valid percent-encoding, so it stands for itself
  }
}

function missing(location: string): WeightError {
  return new WeightError({
    code: "WEIGHT_FILE_MISSING",
    message: `There is no file or folder "${location}".`,
    file: location,
    expected: "a folder with config.json and model.safetensors, or a weight file",
  });
}
