import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

/** Processor seconds of a process and of all below it that are still alive; 0 where there is no `/proc`. */
export function processTreeSeconds(root: number): number {
  const parents = new Map<number, number>();
  const seconds = new Map<number, number>();
  for (const name of processNames()) {
    try {
      // After the command's name in parentheses: state, parent; user and system time are 11 and 12 fields on.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      parents.set(Number(name), Number(fields[1]));
      seconds.set(Number(name), (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
    } catch {
      // It has ended since the folder was listed.
    }
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === root || isBelow(parents.get(pid)));
  let sum = 0;
  for (const [pid, own] of seconds) if (isBelow(pid)) sum += own;
  return sum;
}

function processNames(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
