import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateExpression } from "./calculator.ts";

test.each([
  ["2 + 3 * 4", 14],
  ["(2 + 3) * 4", 20],
  ["-2 ^ 2", -4],
  ["2 ** 3 ** 2", 512],
  ["2 ^ -1", 0.5],
  ["10 % 4 - -1", 3],
  ["7 × 6 ÷ 2", 21],
  [" 1.5e2 + .5 ", 150.5],
  ["--4", 4],
])("%s is %d", (text, value) => {
  expect(evaluateExpression(text)).toBe(value);
});

test.each([
  ["", "Expected a number"],
  ["2 +", "but found the end"],
  ["(1 + 2", 'Expected ")"'],
  ["1 2", 'found "2" at character 3'],
  ["2 + x", 'Unexpected "x" at character 5'],
  ["process.exit(1)", 'Unexpected "p" at character 1'],
  ["1 / 0", "Division by zero"],
  ["9 ^ 999", "too large"],
  ["(".repeat(5000), "nested too deeply"],
])("%s is refused, saying why", (text, message) => {
  expect(() => evaluateExpression(text)).toThrow(message);
});

test("a written-out tree has the tree's value", () => {
  const tree = fc.letrec<{ node: { text: string; value: number } }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.nat(1000).map((value) => ({ text: `${value}`, value })),
      fc
        .tuple(tie("node"), fc.constantFrom("+", "-", "*"), tie("node"), fc.constantFrom("", " "))
        .map(([a, operator, b, space]) => ({
          text: `(${a.text}${space}${operator}${space}${b.text})`,
          value:
            operator === "+" ? a.value + b.value : operator === "-" ? a.value - b.value : a.value * b.value,
        })),
    ),
  })).node;
  fc.assert(
    fc.property(tree, ({ text, value }) => {
      expect(evaluateExpression(text)).toBe(value);
    }),
  );
});
