// Tasks that keep a page from answering, and how long its thread worked on each: on a busy machine most of the
// time that a task takes is waiting for a processor. A page tells the tasks, a trace of the browser the work.

/** Something that kept a page from answering for more than 50 ms, in milliseconds. */
export interface LongTask {
  /** As a `PerformanceObserver` of the page tells it. */
  readonly duration: number;
  /** What the page's thread worked meanwhile; all of the duration where the trace does not tell. */
  readonly worked: number;
}

/** An event of a trace of the categories below; times are in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** When it began, how long it took, and how long of that its thread worked. */
  readonly ts: number;
  readonly dur: number;
  readonly tdur?: number;
}

export const traceCategories: string[] = ["toplevel", "blink.user_timing"];

/** The mark that a page makes before the trace ends, so that its thread and its clock are known. */
export const MARK = "this page";

/**
 * The tasks of a page with the work that a trace tells of them.
 *
 * @param markedAt - the page's time of its mark.
 */
export function tasksWithWork(
  tasks: readonly { readonly startTime: number; readonly duration: number }[],
  markedAt: number,
  events: readonly TraceEvent[],
): readonly LongTask[] {
  const here = events.findLast(({ name }) => name === MARK)!;
  const thread = events.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && pid === here.pid && tid === here.tid,
  );
  return tasks.map(({ startTime, duration }) => {
    const start = here.ts + (startTime - markedAt) * 1000;
    const end = start + duration * 1000;
    const meanwhile = thread.filter(
      ({ ts, dur, tdur }) => tdur !== undefined && ts < end && ts + dur > start,
    );
    const worked = meanwhile.reduce((sum, { tdur }) => sum + tdur! / 1000, 0);
    return { duration, worked: meanwhile.length === 0 ? duration : worked };
  });
}

/** What {@link workForLong} takes on the machine that the limit is meant for, in milliseconds. */
const MEANT = 250;

/**
 * Which tasks worked for more than 50 ms, on a machine as fast as that which the limit is meant for: on a slower
 * one, or in a moment in which another thread has half of the core, everything takes as much longer.
 *
 * @param yardstick - the tasks of {@link workForLong}, in the same page.
 */
export function tooLong(tasks: readonly LongTask[], yardstick: readonly LongTask[]): LongTask[] {
  const longest = Math.max(...yardstick.map(({ worked }) => worked));
  return tasks.filter(({ worked }) => worked > 50 * Math.max(1, longest / MEANT));
}

/** Works for far more than 50 ms, on any machine, at what pages do; stands alone, so that it can be sent to a page. */
export function workForLong(): number {
  const turns = Array.from({ length: 1000 }, (_, i) => ({
    id: i,
    text: `turn ${i}`,
    tokens: [i, i + 1, i + 2],
  }));
  let length = 0;
  for (let i = 0; i < 500; i++) length += JSON.parse(JSON.stringify(turns)).length;
  return length;
}
