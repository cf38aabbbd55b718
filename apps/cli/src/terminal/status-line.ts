/** A line that is written over until it is cleared, so that it leaves no trace. Nothing where there is no terminal. */
export interface StatusLine {
  update(text: string): void;
  clear(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Terminals are slow, and eyes are slower. */
const LEAST_MILLISECONDS = 50;

export function createStatusLine(stream: Terminal, now: () => number = Date.now): StatusLine {
  let isShown = false;
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    update(text) {
      if (!stream.isTTY || now() - shownAt < LEAST_MILLISECONDS) return;
      shownAt = now();
      isShown = true;
      // A line that wraps could not be written over.
      stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear() {
      if (isShown) stream.write("\r\u001b[2K");
      isShown = false;
      shownAt = Number.NEGATIVE_INFINITY;
    },
  };
}
