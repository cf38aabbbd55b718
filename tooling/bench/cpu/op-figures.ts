import type { Format } from "@krait/tensor";
import { EngineProcess } from "../engines/engine-process.ts";
import { type Figure, figure } from "../figure.ts";
import { BusyMeter } from "../machine.ts";
import type { OpTime } from "../ops/time-ops.ts";
import { modelFile } from "../random-model/model-files.ts";
import type { CeilingMeter, Ceilings } from "./ceilings.ts";

/** The steps that are taken apart. */
const steps = {
  decode: { rows: 1, context: 1024 },
  prefill512: { rows: 512, context: 512 },
} as const;

interface OpOptions {
  readonly shape: string;
  readonly format: Format;
  readonly threads: number;
  readonly backend: string;
  readonly ceilings: CeilingMeter | undefined;
  note(text: string): void;
}

/** For every kind of op in a step: its time, its share of the step, and how near it comes to a ceiling. */
export async function* measureOps(options: OpOptions): AsyncGenerator<Figure> {
  const { shape, format, threads, backend, note } = options;
  const { path: file } = await modelFile(shape, format, note);
  await using engine = EngineProcess.krait();
  await engine.load({ file, threads, maxContext: 2048, chunkRows: 512, backend });
  for (const [step, request] of Object.entries(steps)) {
    const ceilings = await options.ceilings?.measure(threads);
    const meter = new BusyMeter();
    const { result, cpuSeconds } = await engine.ops(request);
    const busy = meter.share(cpuSeconds);
    const label = `${shape}.${format}.${backend}.${threads}t.${step}`;
    for (const op of result.ops.toSorted((a, b) => b.seconds - a.seconds)) {
      // An op that takes no longer than looking up its inputs cannot be told from it.
      if (op.seconds === 0) continue;
      yield opFigure(`${label}.${op.name}`, op, result.stepSeconds, busy, ceilings);
    }
    const parts = result.ops.reduce((sum, { seconds }) => sum + seconds, 0);
    yield figure({
      name: `${label}.all-ops`,
      value: 1000 * parts,
      unit: "ms",
      busy,
      lessIsBetter: true,
      peer: { value: 1000 * result.stepSeconds, name: "the whole step" },
    });
  }
}

/** Bytes or operations per second, whichever comes nearer to what the machine can do. */
function opFigure(
  name: string,
  { seconds, bytes, operations, integer }: OpTime,
  stepSeconds: number,
  busy: number,
  ceilings: Ceilings | undefined,
): Figure {
  const memory = { value: bytes / seconds, ceiling: ceilings?.read, name: "read bandwidth", unit: "GB/s" };
  const arithmetic = {
    value: operations / seconds,
    ceiling: integer && ceilings?.integer ? ceilings.integer : ceilings?.float,
    name: integer ? "int8 dot products" : "f32 multiply-adds",
    unit: "Gop/s",
  };
  const nearness = ({ value, ceiling }: typeof memory): number => (ceiling ? value / ceiling : 0);
  const limit = nearness(arithmetic) > nearness(memory) ? arithmetic : memory;
  return figure({
    name,
    value: limit.value / 1e9,
    unit: limit.unit,
    busy,
    milliseconds: 1000 * seconds,
    share: seconds / stepSeconds,
    ...(limit.ceiling && { peer: { value: limit.ceiling / 1e9, name: limit.name } }),
  });
}
