import type { SpecialText } from "./special-text.ts";

/**
 * A part of a prompt. Only `special` may become a special token; whatever stands in `text` is to be encoded as
 * plain text, since users, tools and documents had a part in it.
 */
export type PromptPiece = { readonly special: string } | { readonly text: string };

/**
 * Cuts a prompt in which untrusted text is hidden into pieces.
 *
 * @param marked - the prompt, with `mark` wherever a message begins or ends.
 * @returns the pieces, and the index of each special piece at which a message begins or ends.
 */
export function cutIntoPieces(
  marked: string,
  mark: string,
  special: SpecialText,
  restore: (text: string) => string,
): { pieces: PromptPiece[]; boundaries: number[] } {
  const marks = new Set<number>();
  let unmarked = "";
  for (const part of marked.split(mark)) {
    unmarked += part;
    marks.add(unmarked.length);
  }

  const pieces: PromptPiece[] = [];
  const boundaries: number[] = [];
  let position = 0;
  for (const [i, part] of special.split(unmarked).entries()) {
    if (i % 2 === 1) {
      if (marks.has(position) && pieces.length > 0) boundaries.push(pieces.length);
      pieces.push({ special: part });
    } else if (part !== "") pieces.push({ text: restore(part) });
    position += part.length;
  }
  return { pieces, boundaries };
}
