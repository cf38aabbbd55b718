import type { Browser, Page } from "playwright";

/** What kept a page from answering for more than 50 ms, in milliseconds. */
export interface LongTasks {
  /** As a `PerformanceObserver` of the page has them; on a busy machine most of that is waiting for a processor. */
  readonly durations: readonly number[];
  /** What the page's thread worked in each task that took as long. */
  readonly worked: readonly number[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds, of the clock and of the thread. */
  readonly dur: number;
  readonly tdur?: number;
}

/** To be run in a page before anything else: has it note its long tasks. */
export function observeLongTasks(): void {
  const durations: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) durations.push(duration);
  });
  observer.observe({ type: "longtask", buffered: true });
  Object.assign(globalThis, { longTasks: durations });
}

/** The long tasks of a page while something is done with it. */
export async function longTasksOf(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<LongTasks> {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await work();
  // Entries are handed out in a task of their own, some time after the task that they tell of.
  await page.waitForTimeout(200);
  const durations = await page.evaluate(() => {
    performance.mark("this page");
    return (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0);
  });
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const events = traceEvents as readonly TraceEvent[];
  const here = events.findLast(({ name }) => name === "this page")!;
  const worked = events
    .filter(
      ({ name, pid, tid }) =>
        name === "ThreadControllerImpl::RunTask" && pid === here.pid && tid === here.tid,
    )
    .flatMap(({ dur, tdur }) => (dur > 50_000 && tdur !== undefined ? [tdur / 1000] : []));
  return { durations, worked };
}
