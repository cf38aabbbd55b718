import type { Format } from "@krait/tensor";
import { EngineProcess } from "../engines/engine-process.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import { rate } from "./contenders.ts";

const SHORT = 1024;
const LONG = 32 * 1024;

/** Of the 9B, whose keys and values are small beside its weights; a smaller model cannot reach it. */
const GOAL = 1 / 1.15;

interface ContextOptions {
  readonly shape: string;
  readonly format: Format;
  readonly threads: number;
  readonly tokens: number;
  readonly rounds: number;
  readonly backend: string;
  note(text: string): void;
}

/** What a token costs after 32K positions, against one after 1K. Both contexts are made up, not read. */
export async function* measureContext(options: ContextOptions): AsyncGenerator<Figure> {
  const { shape, format, threads, tokens, backend, note } = options;
  const { path: file } = await modelFile(shape, format, note);
  await using engine = EngineProcess.krait();
  await engine.load({ file, threads, maxContext: LONG + 1024, backend });
  const after = (context: number) => (): Promise<Measurement> =>
    rate(tokens, engine.steps({ tokens, context }));
  const { values, busy } = await inTurn({ short: after(SHORT), long: after(LONG) }, options.rounds);
  const milliseconds = (rates: readonly number[]): number => 1000 / median(rates);
  yield figure({
    name: `${shape}.${format}.${backend}.${threads}t.token-after-32k`,
    value: milliseconds(values.long),
    unit: "ms",
    busy,
    lessIsBetter: true,
    peer: {
      value: milliseconds(values.short),
      name: "after 1K",
      ratio: medianRatio(values.long, values.short),
      ...(shape === "9b" && { goal: GOAL }),
    },
  });
}
