import { expect } from "vitest";

/** Every number is the expected one to `relative` of the largest, half a unit of single precision unless given. */
export function expectClose(
  actual: Iterable<number>,
  expected: readonly number[],
  relative: number = 2 ** -24,
): void {
  const values = Array.from(actual);
  expect(values).toHaveLength(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [i, value] of values.entries()) {
    expect(
      Math.abs(value - expected[i]!),
      `element ${i}: ${value}, expected ${expected[i]}`,
    ).toBeLessThanOrEqual(relative * largest);
  }
}
