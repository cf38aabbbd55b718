/** Where a model comes from: the tiny one that is part of this page, an address, or files at hand. */
export type ModelSource =
  | { readonly kind: "embedded" }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, Blob> };

/** A URL, or a name on the Hugging Face hub such as `org/name` or `org/name:Q4_0`; undefined when it is neither. */
export function sourceOfAddress(text: string): ModelSource | undefined {
  const address = text.trim();
  const isUrl = /^https?:\/\//.test(address) && URL.canParse(address);
  const isName = /^[\w.-]+\/[\w.-]+(:[\w./-]+)?$/.test(address);
  return isUrl || isName ? { kind: "address", address } : undefined;
}

/**
 * Files as a model: a GGUF, or those of a folder in the Hugging Face layout.
 *
 * @returns undefined when there are no weights among them.
 */
export function sourceOfFiles(files: readonly File[]): ModelSource | undefined {
  const named = new Map(files.filter(isOfFolder).map((file) => [file.name, file]));
  const hasWeights = [...named.keys()].some((name) => /\.(gguf|safetensors)$/i.test(name));
  return hasWeights ? { kind: "files", files: named } : undefined;
}

/** Not below a folder of the one that was chosen, where another file may have the same name. */
function isOfFolder({ webkitRelativePath: path = "" }: File): boolean {
  return path.split("/").length <= 2;
}

export function labelOf(source: ModelSource): string {
  switch (source.kind) {
    case "embedded":
      return "Tiny model";
    case "address":
      return source.address.replace(/^https?:\/\//, "").replace(/[?#].*$/, "");
    case "files": {
      const names = [...source.files.keys()];
      if (names.length === 1) return names[0]!;
      return names.find((name) => name.endsWith(".gguf")) ?? `${names.length} files`;
    }
  }
}
