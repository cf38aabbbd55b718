import { buildProgram, planScratch } from "@krait/tensor";

// One feed-forward layer of a language model, as data.
const program = buildProgram("feedForward", (b) => {
  const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
  const fed = b.feed("token", { shape: ["rows"], dtype: "i32" });
  const lastToken = b.state("lastToken", { per: "slot", count: 4, shape: [1], dtype: "i32" });
  const embeddings = b.weight("embeddings", { shape: [1000, 64], format: "bf16" });
  const norm = b.weight("norm", { shape: [64], format: "f32" });
  const up = b.weight("up", { shape: [256, 64], format: "bf16" });
  const down = b.weight("down", { shape: [64, 256], format: "bf16" });

  const hidden = b.embed(b.resolveToken({ token: fed, slot, lastToken }), embeddings);
  const inner = b.linear(b.rmsNorm(hidden, norm, { epsilon: 1e-5 }), up, { activation: "relu2" });
  b.output("hidden", b.linear(inner, down, { residual: hidden }));
});
console.log(program.toString());

const largest = { rows: 512, segments: 1, longestSegment: 512, context: 512, outputRows: 1 };
const { buffers, totalBytes } = planScratch(program, largest);
console.log(`${program.values.length} values share ${buffers.length} buffers, ${totalBytes} bytes in all`);
