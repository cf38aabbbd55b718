import type { Format } from "@krait/tensor";
import type { EngineProcess } from "../engines/engine-process.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import { type Contender, PEER } from "./contenders.ts";

const PROMPT_TOKENS = 32;
const MAX_CONTEXT = 1024;

/** At most half the peer's time, and six tenths of its memory. */
const goals = { time: 1 / 0.5, memory: 1 / 0.6 } as const;

interface StartOptions {
  readonly shape: string;
  readonly format: Format;
  readonly threads: number;
  readonly rounds: number;
  readonly contenders: readonly Contender[];
  note(text: string): void;
}

/**
 * The seconds from the start of a process to the first token of its answer, and the most memory that the
 * process ever had resident. The file is in the system's cache, as after the first time.
 */
export async function* measureStart(options: StartOptions): AsyncGenerator<Figure> {
  const { shape, format, threads, contenders, rounds, note } = options;
  const { path: file } = await modelFile(shape, format, note);
  const peaks: Record<string, number[]> = Object.fromEntries(contenders.map(({ name }) => [name, []]));

  const firstToken = async ({ name, start }: Contender): Promise<Measurement> => {
    const started = performance.now();
    await using engine: EngineProcess = start();
    const load = await engine.load({ file, threads, maxContext: MAX_CONTEXT, backend: name });
    const answer = await engine.firstToken(PROMPT_TOKENS);
    const value = (performance.now() - started) / 1000;
    peaks[name]!.push(answer.peakBytes / 1e6);
    return { value, cpuSeconds: load.cpuSeconds + answer.cpuSeconds };
  };
  const turns = Object.fromEntries(contenders.map((each) => [each.name, () => firstToken(each)]));
  const { values: times, busy } = await inTurn<string>(turns, rounds);

  const compared = (name: string, what: string, unit: string, all: typeof times, goal: number): Figure => {
    const [ours, theirs] = [all[name]!, all[PEER]];
    const peer = theirs && {
      value: median(theirs),
      name: nodeLlamaCpp()!.name,
      ratio: medianRatio(theirs, ours),
      goal,
    };
    return figure({
      name: `${shape}.${format}.${name}.${threads}t.${what}`,
      value: median(ours),
      unit,
      busy,
      lessIsBetter: true,
      ...(peer && { peer }),
    });
  };
  for (const { name } of contenders) {
    if (name === PEER) continue;
    yield compared(name, "first-token", "s", times, goals.time);
    yield compared(name, "peak-memory", "MB", peaks, goals.memory);
  }
}
