import type { Step } from "./json-string.ts";

// The states of a number (RFC 8259, section 6), named for what was read last.
type State = "start" | "minus" | "zero" | "whole" | "point" | "fraction" | "e" | "sign" | "exponent";

const COMPLETE: readonly State[] = ["zero", "whole", "fraction", "exponent"];

/** Reads a JSON number one character at a time. Only the character behind it tells where it ends. */
export class JsonNumber {
  #state: State = "start";

  step(char: string): Step {
    const next = nextState(this.#state, char);
    if (next === undefined) return COMPLETE.includes(this.#state) ? "ended" : "broken";
    this.#state = next;
    return "more";
  }
}

function nextState(state: State, char: string): State | undefined {
  const isDigit = char >= "0" && char <= "9";
  switch (state) {
    case "start":
      if (char === "-") return "minus";
      return isDigit ? (char === "0" ? "zero" : "whole") : undefined;
    case "minus":
      return isDigit ? (char === "0" ? "zero" : "whole") : undefined;
    case "zero":
    case "whole":
      if (char === ".") return "point";
      if (char === "e" || char === "E") return "e";
      return isDigit && state === "whole" ? "whole" : undefined;
    case "point":
      return isDigit ? "fraction" : undefined;
    case "fraction":
      if (char === "e" || char === "E") return "e";
      return isDigit ? "fraction" : undefined;
    case "e":
      if (char === "+" || char === "-") return "sign";
      return isDigit ? "exponent" : undefined;
    default:
      return isDigit ? "exponent" : undefined;
  }
}
