const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Splits JSON into tokens without judging it: strings with their quotes, the six punctuation marks,
 * and words, which are runs of anything else but white space (numbers, `true`, `Infinity`).
 *
 * @param visit - gets the range of each token; nothing is copied.
 */
export function scanJsonTokens(json: string, visit: (start: number, end: number) => void): void {
  let at = 0;
  while (at < json.length) {
    const start = at;
    if (json.charCodeAt(at) === QUOTE) {
      at++;
      while (at < json.length && json.charCodeAt(at) !== QUOTE)
        at += json.charCodeAt(at) === BACKSLASH ? 2 : 1;
      at = Math.min(at + 1, json.length);
      visit(start, at);
    } else if (isWordPart(json.charCodeAt(at))) {
      while (at < json.length && isWordPart(json.charCodeAt(at))) at++;
      visit(start, at);
    } else {
      at++;
      if (!isSpace(json.charCodeAt(start))) visit(start, at);
    }
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isWordPart(code: number): boolean {
  // , : [ ] { } "
  const isPunctuation =
    code === 0x2c || code === 0x3a || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;
  return !isSpace(code) && !isPunctuation && code !== QUOTE;
}
