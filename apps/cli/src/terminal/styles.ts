/** Emphasis where the output is a terminal that has it; the text as it is elsewhere. */
export interface Styles {
  dim(text: string): string;
  bold(text: string): string;
}

const plain: Styles = { dim: (text) => text, bold: (text) => text };

const escapes: Styles = {
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
};

/** Node answers for the terminal, `NO_COLOR` and `FORCE_COLOR`. */
export function stylesFor(stream: { hasColors?: () => boolean }): Styles {
  return stream.hasColors?.() ? escapes : plain;
}
