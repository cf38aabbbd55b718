import { availableParallelism } from "node:os";
import { backendNames } from "../engines/backends.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import type { Figure } from "../figure.ts";
import type { SuiteOptions } from "../suite.ts";
import { CeilingMeter } from "./ceilings.ts";
import { availableBackends, findContenders } from "./contenders.ts";
import { planCases } from "./plan.ts";
import { measureSpeed } from "./speed.ts";

/** Krait's backends for processors on random models, against llama.cpp and against the machine itself. */
export async function* cpuSuite({ quick, backend, note }: SuiteOptions): AsyncGenerator<Figure> {
  // The reference is not made to be fast: it is measured only when it is asked for.
  const wanted = backend === undefined ? backendNames.filter((name) => name !== "cpu") : [backend];
  const backends = await availableBackends(wanted, note);
  if (nodeLlamaCpp() === undefined) {
    note("node-llama-cpp is not compared: KRAIT_PEERS names no folder in which it is installed.");
  }
  await using ceilings = await CeilingMeter.build();
  if (ceilings === undefined) note("No ceilings of the machine: there is no C compiler.");

  const threadCounts = [1, 2].filter((threads) => threads <= availableParallelism());
  for (const each of planCases(quick, threadCounts)) {
    const contenders = await findContenders(backends, each.threads);
    yield* measureSpeed({ ...each, contenders, ceilings, note });
  }
}
