import { buildProgram, type Extents, type Program } from "@krait/tensor";
import { createCpuBackend } from "../src/index.ts";

export const ONE_ROW: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = input row 0 or 1 of a table, by a fed token. */
export function lookUp(): Program {
  return buildProgram("lookUp", (b) => {
    const lastToken = b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" });
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken,
    });
    b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "f32" })));
  });
}

export async function loadLookUp({ memoryBytes = Number.POSITIVE_INFINITY } = {}) {
  const backend = await createCpuBackend({ memoryBytes });
  const program = lookUp();
  const bytes = new Uint8Array(Float32Array.of(10, 20).buffer);
  const table = await backend.loadWeight(program.weights.table!, {
    byteLength: 8,
    async *pieces() {
      yield bytes;
    },
  });
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(program, { largest: { ...ONE_ROW, rows: 3 } });
  return { backend, program, table, lastToken, executable };
}

export const floatsOf = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).buffer),
];
