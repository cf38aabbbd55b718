import type { ReactElement } from "react";

/** Paths on a grid of 24, drawn with a pen of 1.75. */
const paths = {
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h10",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
  settings: "M4 8h9M17 8h3M4 16h3M11 16h9M15 6v4M9 14v4",
  tool: "M14.5 6.5a4 4 0 0 0-5 5L4 17l3 3 5.5-5.5a4 4 0 0 0 5-5L15 12l-3-3z",
  branch: "M7 4v16M7 15c0-5 10-3 10-9M17 6a2 2 0 1 0 0-.01M7 20a2 2 0 1 0 0-.01M7 4a2 2 0 1 0 0-.01",
  gauge: "M4 17a8 8 0 1 1 16 0M12 17l4-6",
  copy: "M9 9h10v10H9zM5 15V5h10",
  retry: "M19 12a7 7 0 1 1-2.5-5.4M19 4v4h-4",
  edit: "M5 19h4L19 9l-4-4L5 15zM13 7l4 4",
  tokens: "M4 7h6v4H4zM13 7h7v4h-7zM4 14h9v4H4zM16 14h4v4h-4z",
  trash: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  chevron: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  thought: "M12 4a6 6 0 0 1 3.5 10.9V17h-7v-2.1A6 6 0 0 1 12 4zM10 20h4",
  pause: "M9 6v12M15 6v12",
  play: "M8 5l10 7-10 7z",
  keyboard: "M4 7h16v10H4zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  check: "M5 12l5 5 9-10",
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a name, or in a button that has one. */
export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
