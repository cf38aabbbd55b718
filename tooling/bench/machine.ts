import { availableParallelism, cpus, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1e9),
    node: process.version,
  };
}

/** Seconds that all processors together have worked, and have been there, since the machine started. */
function processorSeconds(): { readonly worked: number; readonly all: number } {
  let worked = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const total = times.user + times.nice + times.sys + times.idle + times.irq;
    worked += (total - times.idle) / 1000;
    all += total / 1000;
  }
  return { worked, all };
}

/** Tells which share of the machine other processes took since it was made. */
export class BusyMeter {
  readonly #start = processorSeconds();
  readonly #own = process.cpuUsage();

  /** @param measuredSeconds - processor time of the processes that were measured. */
  share(measuredSeconds: number): number {
    const { worked, all } = processorSeconds();
    const { user, system } = process.cpuUsage(this.#own);
    const others = worked - this.#start.worked - (user + system) / 1e6 - measuredSeconds;
    return Math.min(1, Math.max(0, others / (all - this.#start.all)));
  }
}
