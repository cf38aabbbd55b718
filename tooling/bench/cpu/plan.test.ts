import { expect, test } from "vitest";
import { planCases } from "./plan.ts";

test("the quick selection has the small shape, and one row of decoding with the large", () => {
  const cases = planCases(true, [1, 2]);
  const large = cases.filter(({ shape }) => shape === "9b");
  expect(large).toMatchObject([{ format: "q4_0", prefillTokens: 0 }]);
  expect(cases.length - large.length).toBe(4);
  expect(cases.filter(({ prefillTokens }) => prefillTokens > 0)).toMatchObject([
    { format: "q4_0", threads: 1 },
    { format: "q4_0", threads: 2 },
    { format: "q8_0", threads: 2 },
  ]);
});

test("everything is both shapes in both formats at every count of threads", () => {
  const names = planCases(false, [1, 2]).map(({ shape, format, threads }) => `${shape} ${format} ${threads}`);
  expect(new Set(names).size).toBe(8);
});
