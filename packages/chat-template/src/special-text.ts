import type { StandIns } from "./stand-ins.ts";

/** How the special tokens of a tokenizer are found in a prompt, and hidden from the search in messages. */
export interface SpecialText {
  /** Cuts a text: every second part is a special token, leftmost and longest first. */
  split(text: string): string[];
  /**
   * Replaces the characters that special tokens begin with, so that no special token is left in the text.
   *
   * @param role - of the message whose content the text is. In an assistant's content the strings that the
   * template itself looks for, such as `</think>`, stay, where they cannot be a part of a special token.
   */
  hide(text: string, role: unknown, standIns: StandIns): string;
}

/** @param literals - the strings of the template. */
export function specialText(specialTokens: Iterable<string>, literals: ReadonlySet<string>): SpecialText {
  const tokens = longestFirst(specialTokens);
  if (tokens.length === 0) return { split: (text) => [text], hide: (text) => text };

  const firstCharacters = new Set(tokens.map((token) => token.charAt(0)));
  const visible = [...literals].filter((literal) => {
    const starts = [...literal].filter((character) => firstCharacters.has(character));
    return starts.length > 0 && !overlapsAny(literal, tokens);
  });
  const anyToken = new RegExp(`(${anyOf(tokens)})`);
  const inContent = new RegExp(anyOf(longestFirst(firstCharacters)), "g");
  const inAssistant = new RegExp(anyOf([...longestFirst(visible), ...firstCharacters]), "g");
  return {
    split: (text) => text.split(anyToken),
    hide: (text, role, standIns) =>
      text.replace(role === "assistant" ? inAssistant : inContent, (found) =>
        firstCharacters.has(found) ? standIns.for(found) : found,
      ),
  };
}

/** Whether a token could begin inside a string, whatever follows it. */
function overlapsAny(text: string, tokens: readonly string[]): boolean {
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i);
    if (tokens.some((token) => token.startsWith(rest) || rest.startsWith(token))) return true;
  }
  return false;
}

function longestFirst(texts: Iterable<string>): string[] {
  return [...new Set(texts)].filter(Boolean).sort((a, b) => b.length - a.length);
}

function anyOf(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|");
}
