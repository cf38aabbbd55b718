// Takes vitest's place where tests are bundled for a machine that has Node alone: what the shared tests of
// backends use of it, over Node's own test runner.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { after, before, suite, type TestContext, test as testOfNode } from "node:test";
import { format } from "node:util";

export { after as afterAll, before as beforeAll };

type Body = (...args: never[]) => unknown;

/** What a test is given beside its row. */
interface Context {
  skip(reason?: string): never;
}

class Skipped extends Error {}

const contextOf = (node: TestContext): Context => ({
  skip(reason) {
    node.skip(reason);
    throw new Skipped(reason);
  },
});

function runTest(name: string, body: (context: Context) => unknown): void {
  testOfNode(name, async (node) => {
    try {
      await body(contextOf(node));
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
    }
  });
}

/** "%s" and the like from the row, "$name" from its fields. */
function titleOf(title: string, row: unknown): string {
  const values = Array.isArray(row) ? row : [row];
  const count = title.match(/%[sdifjo]/g)?.length ?? 0;
  const filled = count > 0 ? format(title, ...values.slice(0, count)) : title;
  return filled.replace(/\$(\w+)/g, (_, field: string) => String((row as Record<string, unknown>)[field]));
}

const spread = (row: unknown): never[] => (Array.isArray(row) ? row : [row]) as never[];

export const test = Object.assign((name: string, body: Body): void => runTest(name, () => body()), {
  each:
    (rows: readonly unknown[]) =>
    (title: string, body: Body): void => {
      for (const row of rows) runTest(titleOf(title, row), () => body(...spread(row)));
    },
  for:
    (rows: readonly unknown[]) =>
    (title: string, body: (row: never, context: Context) => unknown): void => {
      for (const row of rows) runTest(titleOf(title, row), (context) => body(row as never, context));
    },
});

export const describe = Object.assign((name: string, body: () => void): void => void suite(name, body), {
  each:
    (rows: readonly unknown[]) =>
    (title: string, body: Body): void => {
      for (const row of rows) suite(titleOf(title, row), () => void body(...spread(row)));
    },
});

interface Matchers {
  toBe(wanted: unknown): void;
  toEqual(wanted: unknown): void;
  toBeLessThan(limit: number): void;
  toBeLessThanOrEqual(limit: number): void;
}

export const expect = (got: unknown): Matchers => ({
  toBe: (wanted) => strictEqual(got, wanted),
  toEqual: (wanted) => deepStrictEqual(got, wanted),
  toBeLessThan: (limit) => ok(Number(got) < limit, `${got} is not less than ${limit}`),
  toBeLessThanOrEqual: (limit) => ok(Number(got) <= limit, `${got} is more than ${limit}`),
});
