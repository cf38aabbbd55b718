import { expect, test } from "vitest";
import { importsOf } from "./import-statements.ts";

test.each([
  ['import { a } from "x";', "static"],
  ['import a, { type B } from "x";', "static"],
  ['import "x";', "static"],
  ['export * from "x";', "static"],
  ['import type { A } from "x";', "type"],
  ['import { type A, type B } from "x";', "type"],
  ['export type { A } from "x";', "type"],
  ['let a: import("x").A;', "type"],
  ['const load = async () => (await import("x")).a;', "dynamic"],
] as const)("%s is a %s import", (source, kind) => {
  expect(importsOf("a.ts", source)).toEqual([{ specifier: "x", kind }]);
});

test("an import in a comment or a string is none", () => {
  expect(importsOf("a.ts", `// import "x"\nconst text = 'import "x"';\nexport { text };`)).toEqual([]);
});
