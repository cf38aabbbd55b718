/** A GGUF model of a repository: one file, or all parts of a split one. */
export interface GgufModel {
  /** The file, or the first part. */
  readonly name: string;
  readonly files: readonly string[];
  /** Parts of which the name of another part tells, but which are not there. */
  readonly missing: readonly string[];
}

/** `model-00001-of-00003.gguf`, as llama.cpp names the parts of a split file. */
const partName = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i;

/** Not models, though they are GGUF: projectors of pictures, and statistics for quantizing. */
const companion = /^(mmproj|imatrix)/i;

/** The GGUF models among a repository's files, by name. */
export function ggufModels(names: Iterable<string>): GgufModel[] {
  const all = [...names].filter((name) => /\.gguf$/i.test(name) && !companion.test(baseName(name)));
  const present = new Set(all);
  const models = new Map<string, GgufModel>();
  for (const name of all.sort()) {
    const parts = partNames(name);
    const files = parts.filter((part) => present.has(part));
    const missing = parts.filter((part) => !present.has(part));
    models.set(parts[0]!, { name: parts[0]!, files, missing });
  }
  return [...models.values()];
}

/**
 * The models that a choice means: the one of that very name, else those whose name has it as a word, such
 * as `Q4_0` in `nano-Q4_0.gguf`. Letter case does not count.
 */
export function matchingModels(models: readonly GgufModel[], choice: string): readonly GgufModel[] {
  const wanted = choice.toLowerCase();
  const exact = models.filter(({ name, files }) =>
    [name, ...files].some((file) => file.toLowerCase() === wanted || baseName(file).toLowerCase() === wanted),
  );
  if (exact.length > 0) return exact;
  // Q4_K must not find Q4_K_M, nor Q4_NL find IQ4_NL.
  const word = new RegExp(`(^|[^a-z0-9])${wanted.replace(/[^a-z0-9]/g, "\\$&")}($|[^a-z0-9_])`);
  return models.filter(({ name }) => word.test(stem(name)));
}

/** The names of all parts of a split file, or the one name of another. */
function partNames(name: string): string[] {
  const [, prefix, , total, suffix] = partName.exec(name) ?? [];
  if (total === undefined || Number(total) < 1) return [name];
  return Array.from({ length: Number(total) }, (_, part) => {
    return `${prefix}-${String(part + 1).padStart(5, "0")}-of-${total}${suffix}`;
  });
}

/** Without what follows the model's own name. */
function stem(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.gguf$/, "")
    .replace(/-\d{5}-of-\d{5}$/, "");
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
