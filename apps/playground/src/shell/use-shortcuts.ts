import { useEffect, useRef } from "react";
import type { PanelName } from "./panel-name.ts";
import { commandOf } from "./shortcuts.ts";

interface Handlers {
  readonly write: () => void;
  readonly newConversation: () => void;
  readonly panel: (name: PanelName) => void;
  readonly shortcuts: () => void;
  readonly model: () => void;
  readonly escape: () => void;
}

/** Listens to the keyboard of the whole page. A dialog that is open keeps its keys to itself. */
export function useShortcuts(handlers: Handlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
      const command = commandOf(event, isWriting(event.target));
      if (command === undefined) return;
      const { write, newConversation, panel, shortcuts, model, escape: close } = latest.current;
      if (command.type !== "escape") event.preventDefault();
      if (command.type === "panel") panel(command.name);
      else if (command.type === "turn") focusTurn(command.step);
      else if (command.type === "branch") switchBranch(command.step);
      else ({ write, "new-conversation": newConversation, shortcuts, model, escape: close })[command.type]();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** The turn after the focused one, or before it; the last one where none has the focus. */
function focusTurn(step: -1 | 1): void {
  const turns = [...document.querySelectorAll<HTMLElement>("[data-turn]")];
  const focused = turns.findIndex((turn) => turn.contains(document.activeElement));
  const next = focused < 0 ? turns.length - 1 : Math.min(Math.max(focused + step, 0), turns.length - 1);
  turns[next]?.focus();
  turns[next]?.scrollIntoView({ block: "nearest" });
}

function switchBranch(step: -1 | 1): void {
  const place = [...document.querySelectorAll("[data-turn]")].findIndex((turn) =>
    turn.contains(document.activeElement),
  );
  const turn = document.activeElement?.closest("[data-turn]");
  const label = step < 0 ? "Branch before" : "Branch after";
  turn?.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.click();
  // The turn in this place is another one now.
  requestAnimationFrame(() => document.querySelectorAll<HTMLElement>("[data-turn]")[place]?.focus());
}
