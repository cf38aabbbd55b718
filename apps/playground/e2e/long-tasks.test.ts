import { expect, test } from "vitest";
import { tooLong, workForLong } from "../../../tooling/long-tasks.ts";
import { longTasksOf, observeLongTasks } from "./long-tasks.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

test("the page works for no more than 50 ms at a time while it starts, loads a model and shows an answer", async () => {
  await using site = await Site.open();
  await using browser = await launchBrowser();
  await using visit = await Visit.begin(
    browser,
    "about:blank",
    { serviceWorkers: "block" },
    observeLongTasks,
  );
  const { page } = visit;
  const tasks = await longTasksOf(browser, page, async () => {
    await page.goto(site.url);
    await visit.untilReady();
    await visit.say("What is the weather in Paris and Tokyo?");
    await page.locator(".reasoning-summary").first().click();
  });
  const inTask = `new Promise((resolve) => setTimeout(() => resolve((${workForLong})())))`;
  const blocked = await longTasksOf(browser, page, () => page.evaluate(inTask));
  expect(tooLong(tasks, blocked)).toEqual([]);

  // What has nothing to tell here would have.
  expect(tooLong(blocked, blocked)).not.toEqual([]);
});
