import { findChromium } from "../../chromium.ts";
import { BrowserEngine } from "../browser/browser-engine.ts";
import { wllama } from "../engines/peers.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import { modelFile } from "../random-model/model-files.ts";

/** wllama reads a few tokens a second; more of them would say no more. */
const TOKENS = { prefill: 32, decode: 12 } as const;
const GOAL = 5;

interface BrowserOptions {
  readonly threads: number;
  readonly rounds: number;
  note(text: string): void;
}

/** The WebAssembly backend against wllama, each in a page of Chromium. */
export async function* measureBrowser({ threads, rounds, note }: BrowserOptions): AsyncGenerator<Figure> {
  const peer = wllama();
  if (findChromium() === undefined) {
    note("No figures of the browser: there is no Chromium.");
    return;
  }
  if (peer === undefined)
    note("wllama is not compared: KRAIT_PEERS names no folder in which it is installed.");
  const { path } = await modelFile("0.6b", "q4_0", note);
  await using stack = new AsyncDisposableStack();
  const engines: Record<string, BrowserEngine> = { ours: stack.use(await BrowserEngine.krait(path)) };
  if (peer !== undefined) engines.theirs = stack.use(await BrowserEngine.wllama(path));
  for (const engine of Object.values(engines)) {
    await engine.call("load", { threads, maxContext: 1024 });
    await engine.call("decode", 1);
  }
  for (const [method, tokens] of Object.entries(TOKENS)) {
    const measure = async (engine: BrowserEngine): Promise<Measurement> => {
      const { result, cpuSeconds } = await engine.call(method, tokens);
      return { value: tokens / result, cpuSeconds };
    };
    const turns = Object.entries(engines).map(([name, engine]) => [name, () => measure(engine)]);
    const { values, busy } = await inTurn<string>(Object.fromEntries(turns), rounds);
    const [ours, theirs] = [values.ours!, values.theirs];
    const against = theirs && { value: median(theirs), ratio: medianRatio(ours, theirs) };
    yield figure({
      name: `0.6b.q4_0.wasm-in-chromium.${threads}t.${method === "prefill" ? `prefill${tokens}` : method}`,
      value: median(ours),
      unit: "tokens/s",
      busy,
      ...(against && { peer: { ...against, name: peer!.name, goal: GOAL } }),
    });
  }
}
