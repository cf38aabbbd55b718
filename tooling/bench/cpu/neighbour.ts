import { execFile, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { Format } from "@krait/tensor";
import { EngineProcess } from "../engines/engine-process.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import { rate } from "./contenders.ts";

const GOAL = 0.8;

interface NeighbourOptions {
  readonly shape: string;
  readonly format: Format;
  readonly tokens: number;
  readonly rounds: number;
  readonly backend: string;
  note(text: string): void;
}

/**
 * Decoding with two threads while another program keeps one of their two processors busy, against one
 * thread alone: threads that wait for each other by spinning fall far behind it.
 */
export async function* measureNeighbour(options: NeighbourOptions): AsyncGenerator<Figure> {
  const { shape, format, tokens, rounds, backend, note } = options;
  const { path: file } = await modelFile(shape, format, note);
  await using one = EngineProcess.krait();
  await using two = EngineProcess.krait();
  const isPinned = await pin(two.pid, "0,1");
  if (!isPinned && availableParallelism() > 2) {
    note("No figure with a busy neighbour: two threads could not be kept on two processors.");
    return;
  }
  for (const [threads, engine] of [one, two].entries()) {
    await engine.load({ file, threads: threads + 1, maxContext: 1024, backend });
    await engine.decode(1);
  }
  const alone = () => rate(tokens, one.decode(tokens));
  const crowded = async (): Promise<Measurement> => {
    const started = performance.now();
    const neighbour = spawn(process.execPath, ["--eval", "for (;;);"], { stdio: "ignore" });
    await pin(neighbour.pid!, "0");
    try {
      const { value, cpuSeconds } = await rate(tokens, two.decode(tokens));
      // The neighbour is part of the measurement, and not of what else is going on.
      return { value, cpuSeconds: cpuSeconds + (performance.now() - started) / 1000 };
    } finally {
      neighbour.kill("SIGKILL");
    }
  };
  const { values, busy } = await inTurn({ crowded, alone }, rounds);
  yield figure({
    name: `${shape}.${format}.${backend}.2t.decode-with-neighbour`,
    value: median(values.crowded),
    unit: "tokens/s",
    busy,
    peer: {
      value: median(values.alone),
      name: "one thread alone",
      ratio: medianRatio(values.crowded, values.alone),
      goal: GOAL,
    },
  });
}

/** Keeps all threads of a process on some processors; false where the system has no such command. */
async function pin(pid: number, processors: string): Promise<boolean> {
  try {
    await promisify(execFile)("taskset", ["-acp", processors, String(pid)]);
    return true;
  } catch {
    return false;
  }
}
