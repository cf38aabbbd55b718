import type { Browser, Page } from "playwright";
import { type LongTask, MARK, tasksWithWork, traceCategories } from "../../../tooling/long-tasks.ts";

/** To be run in a page before anything else: has it note its long tasks. */
export function observeLongTasks(): void {
  const tasks: { startTime: number; duration: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) tasks.push({ startTime, duration });
  });
  observer.observe({ type: "longtask", buffered: true });
  Object.assign(globalThis, { longTasks: tasks });
}

/** The long tasks of a page while something is done with it. */
export async function longTasksOf(
  browser: Browser,
  page: Page,
  work: () => Promise<unknown>,
): Promise<readonly LongTask[]> {
  await browser.startTracing(page, { categories: traceCategories });
  await work();
  // Entries are handed out in a task of their own, some time after the task that they tell of.
  await page.waitForTimeout(200);
  const { tasks, markedAt } = await page.evaluate(
    (mark) => ({
      markedAt: performance.mark(mark).startTime,
      tasks: (
        globalThis as unknown as { longTasks: { startTime: number; duration: number }[] }
      ).longTasks.splice(0),
    }),
    MARK,
  );
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  return tasksWithWork(tasks, markedAt, traceEvents);
}
