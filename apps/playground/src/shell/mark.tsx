import type { ReactElement } from "react";

/** The krait: dark, with narrow pale bands. */
export function Mark(): ReactElement {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path className="mark-body" d="M24.5 8.5c-3-3.6-14-4-14.5 1.5S25 14.5 24 20.5 11 25.5 7 22" />
      <path className="mark-bands" d="M24.5 8.5c-3-3.6-14-4-14.5 1.5S25 14.5 24 20.5 11 25.5 7 22" />
    </svg>
  );
}
