import { HubError, quote } from "../hub-error.ts";
import { requireSafeName } from "../safe-path.ts";
import { choiceList, type SizedFiles } from "./choice-list.ts";
import { type GgufModel, ggufModels, matchingModels } from "./gguf-models.ts";

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/** What is read beside safetensors; only the first must be there. */
export const textFiles: readonly string[] = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
];

/** What is wanted of a repository. */
export interface Choice {
  /** Which GGUF model; see {@link matchingModels}. */
  readonly file: string | undefined;
  /** Also weights that are files of their own. */
  readonly weights: boolean;
}

/** The files of a repository that a model consists of. */
export interface Selection {
  /** The GGUF file to open, of a split one the first part; undefined for the Hugging Face layout. */
  readonly gguf: string | undefined;
  /** What is read beside the weights. */
  readonly texts: readonly string[];
  /** The files, or an index that names its shards; none if none are wanted. */
  readonly weights: readonly string[] | { readonly index: string };
}

/**
 * Chooses what to download of a repository: of safetensors what Krait reads and nothing else; of GGUF one
 * model, which needs nothing beside it.
 *
 * @param sizes - byte lengths of the repository's files by name.
 * @throws {HubError} `HUB_FILE_NOT_FOUND`, `HUB_FILE_AMBIGUOUS`, or `HUB_FILE_NAME_UNSAFE`.
 */
export function selectFiles(model: string, sizes: SizedFiles, choice: Choice): Selection {
  if (choice.file !== undefined || isGguf(sizes, choice)) return selectGguf(model, sizes, choice.file);
  if (!sizes.has("config.json")) throw missingFile(model, "config.json");
  const weights = sizes.has(SINGLE_FILE) ? [SINGLE_FILE] : { index: INDEX_FILE };
  return {
    gguf: undefined,
    texts: textFiles.filter((name) => sizes.has(name)),
    weights: choice.weights ? weights : [],
  };
}

/** Whether there is nothing but GGUF to load. Where only texts are wanted, a folder of them will do. */
function isGguf(sizes: SizedFiles, { weights }: Choice): boolean {
  if (hasSafetensors(sizes)) return false;
  return weights || !sizes.has("config.json") || ggufModels(sizes.keys()).length > 0;
}

function hasSafetensors(sizes: SizedFiles): boolean {
  return sizes.has(SINGLE_FILE) || sizes.has(INDEX_FILE);
}

function selectGguf(model: string, sizes: SizedFiles, choice: string | undefined): Selection {
  const all = ggufModels(sizes.keys());
  const found = choice === undefined ? all : matchingModels(all, choice);
  if (found.length > 1) throw ambiguous(model, found, sizes, choice);
  const [chosen] = found;
  if (chosen === undefined) throw notFound(model, all, sizes, choice);
  if (chosen.missing.length > 0) throw missingFile(model, chosen.missing[0]!);
  return {
    gguf: chosen.name,
    texts: [],
    weights: chosen.files.map((name) => requireSafeName(name, model)),
  };
}

/** @param name - a file that the model cannot do without. */
export function missingFile(model: string, name: string): HubError {
  return new HubError({
    code: "HUB_FILE_NOT_FOUND",
    message: `"${model}" has no ${name}, without which it cannot be loaded. Try another revision.`,
    model,
    file: name,
  });
}

function ambiguous(
  model: string,
  found: readonly GgufModel[],
  sizes: SizedFiles,
  choice: string | undefined,
): HubError {
  const what = choice === undefined ? "" : ` for ${quote(choice)}`;
  const { text, choices } = choiceList(found, sizes);
  return new HubError({
    code: "HUB_FILE_AMBIGUOUS",
    message:
      `"${model}" has ${found.length} GGUF models${what}: ${text}. ` +
      `Choose one by its name or a part of it: "${model}:Q4_0", or the option "file".`,
    model,
    expected: choices,
    actual: choice,
  });
}

function notFound(
  model: string,
  all: readonly GgufModel[],
  sizes: SizedFiles,
  choice: string | undefined,
): HubError {
  const { text, choices } = choiceList(all, sizes);
  const others = [...sizes.keys()].filter((name) => /\.(bin|pt|pth|onnx|nemo)$/.test(name)).slice(0, 3);
  let message = `"${model}" has no GGUF model for ${quote(choice ?? "")}. It has ${text}.`;
  if (all.length === 0) {
    message =
      `"${model}" has no GGUF file${choice === undefined ? " and no model.safetensors" : ""}, and Krait reads ` +
      `nothing else${others.length > 0 ? `: not ${others.join(", ")}` : ""}. ` +
      (hasSafetensors(sizes)
        ? "It has safetensors: load it without naming a file."
        : "Look for a conversion of it.");
  }
  return new HubError({
    code: "HUB_FILE_NOT_FOUND",
    message,
    model,
    file: choice,
    expected: choices,
    actual: choice,
  });
}
