import { readFileSync } from "node:fs";
import { architectureOf, configOfGguf, loadModel } from "@krait/models";
import { createEngine } from "../engine/src/index.ts";
import { openWeights } from "../weights/src/index.ts";
import { createNativeBackend } from "./src/index.ts";

const [file, threads = "1", pp = "128", tg = "16", reps = "3", chunk = "512"] = process.argv.slice(2);
const t0 = performance.now();
const backend = await createNativeBackend({ threads: Number(threads) });
const weights = await openWeights(file!);
const architecture = architectureOf(configOfGguf(weights), "gguf");
const model = await loadModel(architecture, weights, backend, {
  maxContext: 1024,
  chunkRows: Number(chunk),
  maxSequences: 1,
});
console.log("load", ((performance.now() - t0) / 1e3).toFixed(3), "s");
const engine = createEngine(model, backend);
async function go(n: number, max: number) {
  const prompt = Array.from({ length: n }, (_, i) => 5 + ((i * 7919 + 13) % 250));
  for await (const e of engine.generate({
    prompt,
    format: "text",
    maxTokens: max,
    ignoreEndTokens: true,
    sampling: { temperature: 0 },
  } as never))
    if ((e as any).type === "finish") return (e as any).timing;
}
const first = performance.now();
const tt = await go(5, 1);
console.log(
  "first token",
  ((performance.now() - first) / 1e3).toFixed(3),
  "since start",
  ((performance.now() - t0) / 1e3).toFixed(3),
);
for (let r = 0; r < Number(reps); r++) {
  let out = "";
  if (Number(pp)) {
    const p = await go(Number(pp), 1);
    out += `pp${pp} ${(Number(pp) / p.prefillSeconds).toFixed(1)} tok/s  `;
  }
  if (Number(tg)) {
    const p = await go(5, Number(tg) + 1);
    out += `tg${tg} ${(Number(tg) / p.decodeSeconds).toFixed(2)} tok/s`;
  }
  console.log(out);
}
const s = readFileSync("/proc/self/status", "utf8");
console.log(s.match(/VmHWM.*/)![0], s.match(/RssAnon.*/)![0]);
await backend[Symbol.asyncDispose]();
