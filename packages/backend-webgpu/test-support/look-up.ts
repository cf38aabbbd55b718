import { type Backend, buildProgram, type Extents, type Program, quantize } from "@krait/tensor";

export const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = row 0 or 1 of a table, by a fed token. */
export const lookUp: Program = buildProgram("lookUp", (b) => {
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
    lastToken: b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
  });
  b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "f32" })));
});

/** The Program above with its table on a backend, ready to run. */
export async function bindLookUp(backend: Backend) {
  const stored = quantize("f32", Float32Array.of(10, 20));
  const table = await backend.loadWeight(lookUp.weights.table!, {
    byteLength: stored.byteLength,
    async *pieces() {
      yield stored;
    },
  });
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(lookUp, { largest: { ...one, rows: 3 } });
  return { table, lastToken, step: executable.bind({ weights: { table }, states: { lastToken } }) };
}

export const floatsOf = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).slice().buffer),
];
