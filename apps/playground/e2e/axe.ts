import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright";

const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

type Axe = { run(place: string, options: RunOptions): Promise<AxeResults> };

/**
 * What axe finds wrong with a page as it is now: a line for each place, with the rule that it breaks.
 *
 * @param place - the selector of the part that is looked at.
 * @param rules - the names of the only rules to hold it against; all unless given.
 */
export async function accessibilityProblems(
  page: Page,
  place: string,
  rules?: string[],
): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.addScriptTag({ path: script });
  const options: RunOptions = {
    resultTypes: ["violations"],
    ...(rules && { runOnly: { type: "rule", values: rules } }),
  };
  const { violations } = await page.evaluate(
    ([where, given]) => (globalThis as unknown as { axe: Axe }).axe.run(where, given),
    [place, options] as const,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
