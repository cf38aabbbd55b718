import { availableParallelism } from "node:os";
import { backendNames, supportsThreads } from "../engines/backends.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import type { Figure } from "../figure.ts";
import type { SuiteOptions } from "../suite.ts";
import { measureBrowser } from "./browser.ts";
import { CeilingMeter } from "./ceilings.ts";
import { availableBackends, contendersOf } from "./contenders.ts";
import { measureContext } from "./context.ts";
import { measureNeighbour } from "./neighbour.ts";
import { measureOps } from "./op-figures.ts";
import { measureOverhead } from "./overhead.ts";
import { planCases } from "./plan.ts";
import { measureSpeed } from "./speed.ts";
import { measureStart } from "./start.ts";

/** Krait's backends for processors on random models, against llama.cpp and against the machine itself. */
export async function* cpuSuite({ quick, ops, backend, note }: SuiteOptions): AsyncGenerator<Figure> {
  // The reference is not made to be fast: it is measured only when it is asked for.
  const wanted = backend === undefined ? backendNames.filter((name) => name !== "cpu") : [backend];
  const backends = await availableBackends(wanted, note);
  if (nodeLlamaCpp() === undefined) {
    note("node-llama-cpp is not compared: KRAIT_PEERS names no folder in which it is installed.");
  }
  await using ceilings = await CeilingMeter.build();
  if (ceilings === undefined) note("No ceilings of the machine: there is no C compiler.");

  const threadCounts = [1, 2].filter((threads) => threads <= availableParallelism());
  const most = threadCounts.at(-1)!;
  for (const each of planCases(quick, threadCounts)) {
    const contenders = contendersOf(backends, each.threads);
    yield* measureSpeed({ ...each, contenders, ceilings, note });
  }

  const rounds = quick ? 2 : 3;
  const small = { shape: "0.6b", format: "q4_0", tokens: quick ? 16 : 32, rounds, note } as const;
  const large = { ...small, shape: "9b", tokens: 8 } as const;
  const model = quick ? small : large;
  yield* measureStart({ ...model, threads: most, contenders: contendersOf(backends, most) });
  if (backends.includes("wasm")) yield* measureBrowser({ threads: 1, rounds: quick ? 1 : 2, note });
  for (const name of backends) {
    const threads = supportsThreads(name, most) ? most : 1;
    yield* measureContext({ ...model, threads, backend: name });
    if (threads > 1) yield* measureNeighbour({ ...model, backend: name });
    yield* measureOverhead({ ...small, backend: name });
    if (!ops) continue;
    for (const format of ["q4_0", "q8_0"] as const) {
      yield* measureOps({ ...model, format, threads: 1, backend: name, ceilings });
    }
  }
}
