import { test } from "vitest";

// Stands in for the tests in a page where `vitest.config.ts` finds no browser for them.
test("the tests in a page > need Chromium", ({ skip }) => {
  skip("there is no Chromium here: install one, or name its command in the environment variable CHROMIUM");
});
