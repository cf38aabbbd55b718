import type { Format } from "@krait/tensor";
import { EngineProcess } from "../engines/engine-process.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, median } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import { rate } from "./contenders.ts";

interface OverheadOptions {
  readonly shape: string;
  readonly format: Format;
  readonly tokens: number;
  readonly rounds: number;
  readonly backend: string;
  note(text: string): void;
}

/** What the engine adds to a token: its time beyond that of the two Programs and the reading of the token. */
export async function* measureOverhead(options: OverheadOptions): AsyncGenerator<Figure> {
  const { shape, format, tokens, rounds, backend, note } = options;
  const { path: file } = await modelFile(shape, format, note);
  await using engine = EngineProcess.krait();
  await engine.load({ file, threads: 1, maxContext: 1024, backend });
  const { values, busy } = await inTurn(
    {
      engine: () => rate(tokens, engine.decode(tokens)),
      programs: () => rate(tokens, engine.steps({ tokens, context: 5 })),
    },
    rounds,
  );
  const added = values.engine.map((each, round) => 1000 / each - 1000 / values.programs[round]!);
  yield figure({
    name: `${shape}.${format}.${backend}.1t.engine-overhead`,
    value: median(added),
    unit: "ms",
    busy,
    share: Math.max(0, (median(added) * median(values.engine)) / 1000),
  });
}
