import { useState } from "react";

/** A button that asks before it does what cannot be undone: the second press in a row does it. */
export interface SecondPress {
  /** Whether it has been pressed once. */
  readonly asked: boolean;
  readonly onClick: () => void;
  /** Leaving the button answers no. */
  readonly onBlur: () => void;
}

export function useSecondPress(act: () => void): SecondPress {
  const [asked, setAsked] = useState(false);
  return {
    asked,
    onClick() {
      setAsked(!asked);
      if (asked) act();
    },
    onBlur: () => setAsked(false),
  };
}
