import { CudaUnavailableError, createCudaBackend } from "@krait/backend-cuda";
import { buildProgram, quantize } from "@krait/tensor";

// A Program that looks up one row of a table for each token.
const program = buildProgram("lookUp", (b) => {
  const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
  const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
  const fed = b.feed("token", { shape: ["rows"], dtype: "i32" });
  const table = b.weight("table", { shape: [3, 2], format: "bf16" });
  b.output("found", b.embed(b.resolveToken({ token: fed, slot, lastToken }), table));
});

async function run() {
  const backend = await createCudaBackend();
  const largest = { rows: 8, segments: 1, longestSegment: 8, context: 8, outputRows: 1 };
  const executable = await backend.compile(program, { largest });

  const stored = quantize("bf16", Float32Array.of(1, 2, 3, 4, 5, 6));
  const source = {
    byteLength: stored.byteLength,
    async *pieces() {
      yield stored;
    },
  };
  const table = await backend.loadWeight({ shape: [3, 2], format: "bf16" }, source);
  const lastToken = backend.allocate(4, "lastToken");
  const step = executable.bind({ weights: { table }, states: { lastToken } });

  step.run({ ...largest, rows: 2 }, { token: Int32Array.of(2, 0), slot: Int32Array.of(0, 0) });
  for (const [name, output] of Object.entries(step.outputs)) {
    const { buffer } = await output.read(0, 16);
    console.log(name, new Float32Array(buffer)); // rows 2 and 0 of the table
  }
  await backend[Symbol.asyncDispose]();
}

await run().catch((error) => {
  if (!(error instanceof CudaUnavailableError)) throw error;
  console.log(error.message);
});
