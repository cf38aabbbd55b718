import { type Figure, figure } from "../figure.ts";
import type { SuiteOptions } from "../suite.ts";
import { percentile } from "./percentile.ts";
import { startServer } from "./served-process.ts";
import { type StreamTimes, timedStream } from "./timed-stream.ts";

const TOKENS = 64;
const CONCURRENT = [1, 8, 64];

/**
 * What clients of `krait serve` wait for, with the embedded model in a process of its own: the first token,
 * and each after it, for some streams at once.
 */
export async function* serverSuite({ backend, quick }: SuiteOptions): AsyncGenerator<Figure> {
  await using server = await startServer(backend);
  const rounds = quick ? 1 : 4;
  await streamsAtOnce(server.url, 8, 1);
  for (const streams of CONCURRENT) {
    const started = performance.now();
    const times = await streamsAtOnce(server.url, streams, rounds);
    const seconds = (performance.now() - started) / 1000;
    const tokens = times.reduce((sum, { gaps }) => sum + gaps.length + 1, 0);
    const name = `server.tiny.${streams}-streams`;
    yield figure({ name: `${name}.tokens`, value: tokens / seconds, unit: "tokens/s" });
    const measured = {
      "first-token": times.map(({ firstToken }) => firstToken),
      "inter-token": times.flatMap(({ gaps }) => gaps),
    };
    for (const [what, values] of Object.entries(measured)) {
      for (const share of [50, 95]) {
        yield figure({ name: `${name}.${what}.p${share}`, value: percentile(values, share), unit: "ms" });
      }
    }
  }
}

/** Each round begins when the one before has ended, so that every stream waits for as many others. */
async function streamsAtOnce(url: string, streams: number, rounds: number): Promise<StreamTimes[]> {
  const times: StreamTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    const numbers = Array.from({ length: streams }, (_, index) => round * streams + index);
    times.push(...(await Promise.all(numbers.map((number) => timedStream(url, number, TOKENS)))));
  }
  return times;
}
