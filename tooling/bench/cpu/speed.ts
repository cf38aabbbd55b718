import type { EngineProcess } from "../engines/engine-process.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio, type Rounds } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";
import type { CeilingMeter } from "./ceilings.ts";
import { type Contender, PEER, rate } from "./contenders.ts";
import type { Case } from "./plan.ts";

const goals = {
  decode: { native: 1, wasm: 1 },
  prefill: { native: 2, wasm: 0.4 },
  /** Of the bandwidth that the same run measured. */
  bandwidth: 0.75,
} as const;

/** The memory bandwidth, as a contender. */
const CEILING = "ceiling";

interface SpeedOptions extends Case {
  readonly contenders: readonly Contender[];
  readonly ceilings: CeilingMeter | undefined;
  note(text: string): void;
}

/** Tokens per second of every contender with one model file, all of them loaded, each in its turn. */
export async function* measureSpeed(options: SpeedOptions): AsyncGenerator<Figure> {
  const { shape, format, threads, contenders, ceilings, note } = options;
  const { path, bytesPerToken } = await modelFile(shape, format, note);
  await using stack = new AsyncDisposableStack();
  const engines: Record<string, EngineProcess> = {};
  for (const { name, start } of contenders) {
    const engine = stack.use(start());
    try {
      const maxContext = options.prefillTokens + options.decodeTokens + 64;
      await engine.load({ file: path, threads, maxContext, backend: name });
      await engine.decode(1);
      engines[name] = engine;
    } catch (error) {
      note(
        `${shape} ${format}, ${threads} threads, ${name}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  const label = (name: string, what: string): string => `${shape}.${format}.${name}.${threads}t.${what}`;
  const turns = (
    measure: (engine: EngineProcess) => Promise<Measurement>,
  ): Record<string, () => Promise<Measurement>> =>
    Object.fromEntries(Object.entries(engines).map(([name, engine]) => [name, () => measure(engine)]));

  const { decodeTokens, prefillTokens } = options;
  const decode = await inTurn<string>(
    {
      ...turns((engine) => rate(decodeTokens, engine.decode(decodeTokens))),
      ...(ceilings && { [CEILING]: () => bandwidth(ceilings, threads) }),
    },
    options.decodeRounds,
  );
  for (const name of Object.keys(engines)) {
    if (name === PEER) continue;
    yield compared(label(name, "decode"), decode, name, goals.decode);
    if (ceilings === undefined) continue;
    const bytes = decode.values[name]!.map((tokens) => tokens * bytesPerToken);
    yield figure({
      name: label(name, "decode.bandwidth"),
      value: median(bytes) / 1e9,
      unit: "GB/s",
      busy: decode.busy,
      peer: {
        value: median(decode.values[CEILING]!) / 1e9,
        name: "read bandwidth",
        ratio: medianRatio(bytes, decode.values[CEILING]!),
        goal: goals.bandwidth,
      },
    });
  }
  if (prefillTokens === 0) return;
  const prefill = await inTurn(
    turns((engine) => rate(prefillTokens, engine.prefill(prefillTokens))),
    options.prefillRounds,
  );
  for (const name of Object.keys(engines)) {
    if (name !== PEER) yield compared(label(name, `prefill${prefillTokens}`), prefill, name, goals.prefill);
  }
}

/** A backend's tokens per second against the peer's, where the peer is there. */
function compared(
  label: string,
  { values, busy }: Rounds<string>,
  name: string,
  goal: Readonly<Record<string, number>>,
): Figure {
  const ours = values[name]!;
  const theirs = values[PEER];
  const peer = theirs && {
    value: median(theirs),
    name: nodeLlamaCpp()!.name,
    ratio: medianRatio(ours, theirs),
    ...(goal[name] !== undefined && { goal: goal[name] }),
  };
  return figure({ name: label, value: median(ours), unit: "tokens/s", busy, ...(peer && { peer }) });
}

async function bandwidth(ceilings: CeilingMeter, threads: number): Promise<Measurement> {
  const { read } = await ceilings.measure(threads);
  return { value: read, cpuSeconds: 0 };
}
