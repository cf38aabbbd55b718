import { PYTHON_SPACE } from "./python-text.ts";

// Reasoning models write their reasoning between <think> and </think>. The generation prompt opens it
// (`<think>\n`) or shows it empty (`<think></think>`), and people switch by the words /think and /no_think.

export type Reasoning = "on" | "off";

export const OPEN = "<think>";
export const CLOSE = "</think>";

const WORDS: Readonly<Record<Reasoning, string>> = { on: "/think", off: "/no_think" };
const ANY_MENTION = /\/(?:no_)?think/g;
const WHOLE_WORD = new RegExp(`(?<![^${PYTHON_SPACE}])/(?:no_)?think(?![^${PYTHON_SPACE}])`, "g");

/** Whether a template looks for the words `/think` and `/no_think` in messages. */
export function readsSwitchWords(literals: ReadonlySet<string>): boolean {
  return literals.has(WORDS.on) || literals.has(WORDS.off);
}

/** Hides every `/think` and `/no_think` that is a part of something longer, such as `src/think.ts`. */
export function hideMentions(text: string, standIn: string): string {
  const words = new Set([...text.matchAll(WHOLE_WORD)].map((match) => match.index));
  return text.replace(ANY_MENTION, (mention, index: number) =>
    words.has(index) ? mention : standIn + mention.slice(1),
  );
}

/** Hides every `</think>` but the first, so that a template which keeps only the second part keeps the rest. */
export function hideLaterCloses(text: string, standIn: string): string {
  const first = text.indexOf(CLOSE);
  if (first < 0) return text;
  const end = first + CLOSE.length;
  return text.slice(0, end) + text.slice(end).replaceAll(CLOSE, standIn + CLOSE.slice(1));
}

/**
 * Makes every switch word in a text say the same. The template deletes both words alike, so this changes
 * nothing but the state.
 */
export function setSwitchWords(text: string, reasoning: Reasoning): string {
  return text.replace(ANY_MENTION, WORDS[reasoning]);
}

/** A text with a switch word at its end, which the template will delete. */
export function appendSwitchWord(text: string, reasoning: Reasoning): string {
  return text + WORDS[reasoning];
}

/** Whether what comes after this text would be reasoning. */
export function leavesReasoningOpen(generationPrompt: string): boolean {
  return generationPrompt.lastIndexOf(OPEN) > generationPrompt.lastIndexOf(CLOSE);
}
