import type { Browser, Page } from "playwright";

/** Something that kept a page from answering for more than 50 ms, in milliseconds. */
export interface LongTask {
  /** As a `PerformanceObserver` of the page tells it; on a busy machine most of that is waiting for a processor. */
  readonly duration: number;
  /** What the page's thread worked meanwhile; all of the duration where the trace does not tell. */
  readonly worked: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: when it began, how long it took, and how long of that its thread worked. */
  readonly ts: number;
  readonly dur: number;
  readonly tdur?: number;
}

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
  work: () => Promise<void>,
): Promise<readonly LongTask[]> {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await work();
  // Entries are handed out in a task of their own, some time after the task that they tell of.
  await page.waitForTimeout(200);
  const { tasks, now } = await page.evaluate(() => ({
    now: performance.mark("this page").startTime,
    tasks: (
      globalThis as unknown as { longTasks: { startTime: number; duration: number }[] }
    ).longTasks.splice(0),
  }));
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const events = traceEvents as readonly TraceEvent[];
  const here = events.findLast(({ name }) => name === "this page")!;
  const isOfThread = ({ name, pid, tid }: TraceEvent): boolean =>
    name === "ThreadControllerImpl::RunTask" && pid === here.pid && tid === here.tid;
  const thread = events.filter(isOfThread);
  return tasks.map(({ startTime, duration }) => {
    const start = here.ts + (startTime - now) * 1000;
    const end = start + duration * 1000;
    const meanwhile = thread.filter(
      ({ ts, dur, tdur }) => tdur !== undefined && ts < end && ts + dur > start,
    );
    const worked = meanwhile.reduce((sum, { tdur }) => sum + tdur! / 1000, 0);
    return { duration, worked: meanwhile.length === 0 ? duration : worked };
  });
}
