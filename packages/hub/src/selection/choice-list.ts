import type { GgufModel } from "./gguf-models.ts";

/** Byte lengths of files by name. */
export type SizedFiles = ReadonlyMap<string, number>;

/** What a person, or a program, can choose from. */
export interface ChoiceList {
  readonly text: string;
  readonly choices: readonly { readonly name: string; readonly byteLength: number }[];
}

/** A repository of quantizations has about twenty. */
const MOST_LISTED = 40;

/** GGUF models with their sizes, the smallest first. */
export function choiceList(models: readonly GgufModel[], sizes: SizedFiles): ChoiceList {
  const choices = models
    .map(({ name, files }) => ({
      name,
      byteLength: files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0),
    }))
    .sort((a, b) => a.byteLength - b.byteLength || (a.name < b.name ? -1 : 1));
  const shown = choices.slice(0, MOST_LISTED).map(({ name, byteLength }) => `${name} (${size(byteLength)})`);
  const more = choices.length > MOST_LISTED ? ` and ${choices.length - MOST_LISTED} more` : "";
  return { text: shown.join(", ") + more, choices };
}

/** Decimal units, as disks are sold in. */
export function size(byteLength: number): string {
  if (byteLength >= 1e9) return `${(byteLength / 1e9).toFixed(2)} GB`;
  if (byteLength >= 1e6) return `${(byteLength / 1e6).toFixed(1)} MB`;
  return byteLength >= 1e3 ? `${(byteLength / 1e3).toFixed(1)} kB` : `${byteLength} bytes`;
}
