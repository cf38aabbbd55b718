// Arithmetic by recursive descent. The text is parsed, never evaluated as code.
//
//   sum     = product { ("+" | "-") product }
//   product = power { ("*" | "×" | "/" | "÷" | "%") power }
//   power   = unary [ ("^" | "**") power ]
//   unary   = ("+" | "-") unary | "(" sum ")" | number

const tokenPattern = /\s*(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\*\*|[-+*×/÷%^()])/iy;

/** Parentheses and signs may be nested this deep, which no honest expression needs. */
const MAX_DEPTH = 100;

/**
 * The value of an expression such as `12 * (3 + 4)`.
 *
 * @throws {SyntaxError} saying what was expected and where, in characters from 1.
 * @throws {RangeError} for a division by zero, or a result that is not a finite number.
 */
export function evaluateExpression(text: string): number {
  const tokens = tokenize(text);
  let next = 0;
  let depth = 0;
  const peek = (): string | undefined => tokens[next]?.text;
  const take = (): string | undefined => tokens[next++]?.text;

  function fail(expected: string): never {
    const token = tokens[next];
    const found = token === undefined ? "the end" : `"${token.text}" at character ${token.at + 1}`;
    throw new SyntaxError(`Expected ${expected}, but found ${found} in "${text}".`);
  }

  function sum(): number {
    let value = product();
    for (let operator = peek(); operator === "+" || operator === "-"; operator = peek()) {
      take();
      const right = product();
      value = operator === "+" ? value + right : value - right;
    }
    return value;
  }

  function product(): number {
    let value = power();
    for (let operator = peek(); operator !== undefined && "*×/÷%".includes(operator); operator = peek()) {
      take();
      const right = power();
      const multiplies = operator === "*" || operator === "×";
      if (!multiplies && right === 0) throw new RangeError(`Division by zero in "${text}".`);
      if (multiplies) value *= right;
      else if (operator === "%") value %= right;
      else value /= right;
    }
    return value;
  }

  function power(): number {
    const base = unary();
    if (peek() !== "^" && peek() !== "**") return base;
    take();
    return base ** power();
  }

  function unary(): number {
    if (++depth > MAX_DEPTH) throw new RangeError(`"${text.slice(0, 40)}…" is nested too deeply.`);
    try {
      const token = peek();
      if (token === "+" || token === "-") {
        take();
        // A sign binds less tightly than a power: −2² is −4.
        const value = power();
        return token === "-" ? -value : value;
      }
      if (token === "(") {
        take();
        const value = sum();
        if (peek() !== ")") fail('")"');
        take();
        return value;
      }
      if (token === undefined || !/[\d.]/.test(token)) fail('a number or "("');
      take();
      return Number(token);
    } finally {
      depth--;
    }
  }

  const value = sum();
  if (next < tokens.length) fail("an operator or the end");
  if (!Number.isFinite(value)) throw new RangeError(`"${text}" is too large.`);
  return value;
}

function tokenize(text: string): { text: string; at: number }[] {
  const tokens: { text: string; at: number }[] = [];
  const end = text.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) {
      const at = from + (text.slice(from).match(/^\s*/)?.[0].length ?? 0);
      throw new SyntaxError(`Unexpected "${text[at]}" at character ${at + 1} in "${text}".`);
    }
    const token = match[1]!;
    tokens.push({ text: token, at: tokenPattern.lastIndex - token.length });
  }
  return tokens;
}
