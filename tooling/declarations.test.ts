import { expect, test } from "vitest";
import { declarationsOf } from "./declarations.ts";

test("a declaration keeps types and comments, loses code, and names its neighbours by .js", () => {
  const source = `
import type { Shape } from "./shape.ts";
export * from "../format.ts";
/** How many. */
export function count(shape: Shape): number {
  return shape.length;
}
export type Later = import("./later.ts").Later;
`;
  expect(declarationsOf("a.ts", source)).toBe(`import type { Shape } from "./shape.js";
export * from "../format.js";
/** How many. */
export declare function count(shape: Shape): number;
export type Later = import("./later.js").Later;
`);
});

test("a method with a computed name is declared once", () => {
  const source = `
export class Lock {
  /** Which. */
  readonly name: string = "";
  /** Opens it. */
  [Symbol.dispose](): void {}
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {}
}
`;
  expect(declarationsOf("a.ts", source)).toBe(`export declare class Lock {
    /** Which. */
    readonly name: string;
    /** Opens it. */
    [Symbol.dispose](): void;
    [Symbol.asyncIterator](): AsyncGenerator<number>;
}
`);
});

test("an export without a type that can be read from the file alone is refused", () => {
  expect(() => declarationsOf("a.ts", "export const now = Date.now();")).toThrow(
    /^a\.ts: Variable must have/,
  );
});
