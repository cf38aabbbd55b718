import type { PanelName } from "./panel-name.ts";

/** What the keyboard can do from anywhere in the page. */
export type Command =
  | { readonly type: "write" | "new-conversation" | "shortcuts" | "model" | "escape" }
  | { readonly type: "panel"; readonly name: PanelName }
  | { readonly type: "turn"; readonly step: -1 | 1 }
  | { readonly type: "branch"; readonly step: -1 | 1 };

export interface Stroke {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
}

const panels: Readonly<Record<string, PanelName>> = {
  b: "branches",
  t: "tools",
  p: "performance",
  ",": "settings",
};

/**
 * What a key means. Letters without a modifier mean something only where nobody is writing.
 *
 * @param writing - whether the focus is in a field that takes text.
 */
export function commandOf(stroke: Stroke, writing: boolean): Command | undefined {
  const { key, altKey, ctrlKey, metaKey } = stroke;
  if (key === "Escape") return { type: "escape" };
  if (altKey && !ctrlKey && !metaKey) {
    if (key === "ArrowUp") return { type: "turn", step: -1 };
    if (key === "ArrowDown") return { type: "turn", step: 1 };
    if (key === "ArrowLeft") return { type: "branch", step: -1 };
    if (key === "ArrowRight") return { type: "branch", step: 1 };
    return undefined;
  }
  if (writing || altKey || ctrlKey || metaKey) return undefined;
  if (key === "/") return { type: "write" };
  if (key === "?") return { type: "shortcuts" };
  if (key === "n") return { type: "new-conversation" };
  if (key === "m") return { type: "model" };
  const name = panels[key];
  return name === undefined ? undefined : { type: "panel", name };
}

/** For people, in the order in which they are listed. */
export const shortcuts: readonly (readonly [keys: string, meaning: string])[] = [
  ["Enter", "Send"],
  ["Shift + Enter", "New line"],
  ["↑ in an empty field", "Edit what you said last"],
  ["Esc", "Stop the answer; close what is open"],
  ["/", "Write"],
  ["n", "New conversation"],
  ["m", "Choose a model"],
  ["b  t  p  ,", "Branches, tools, performance, settings"],
  ["Alt + ↑ ↓", "Walk through the turns"],
  ["Alt + ← →", "The branches of the turn that has the focus"],
  ["← → among tokens", "Walk through the tokens"],
  ["?", "This list"],
];
