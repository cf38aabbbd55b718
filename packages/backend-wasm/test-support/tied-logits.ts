import {
  type Backend,
  buildProgram,
  type Extents,
  type Format,
  type Program,
  type Step,
  type WeightSource,
} from "@krait/tensor";
import { createTunedBackend, type Tuning } from "../src/backend.ts";

/** Enough for threads to share: more than 2²⁰ bytes in every format here. */
export const ROWS = 1021;
export const COLUMNS = 2048;

const TOKENS = Int32Array.of(0, 1020, 511, 512, 340, 341, 680, 7, 1019);

const extents: Extents = { rows: TOKENS.length, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };

/** Logits of tokens by one table, which is looked up and multiplied by. */
export function tiedProgram(format: Format): Program {
  return buildProgram("tied", (b) => {
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken,
    });
    const table = b.weight("table", { shape: [ROWS, COLUMNS], format });
    b.output("logits", b.linear(b.embed(token, table), table));
  });
}

/** A source that breaks off in the middle of what each thread gets. */
export function sourceOf(bytes: Uint8Array): WeightSource {
  const rowBytes = bytes.byteLength / ROWS;
  return {
    byteLength: bytes.byteLength,
    async *pieces() {
      for (let at = 0; at < bytes.byteLength; at += 100 * rowBytes) {
        yield bytes.subarray(at, at + 100 * rowBytes);
      }
    },
  };
}

/** The Program on a backend, with a table of these bytes. */
export async function bindTied(backend: Backend, format: Format, bytes: Uint8Array): Promise<Step> {
  const program = tiedProgram(format);
  const table = await backend.loadWeight(program.weights.table!, sourceOf(bytes));
  const executable = await backend.compile(program, { largest: extents });
  return executable.bind({
    weights: { table },
    states: { lastToken: backend.allocate(4, "lastToken") },
  });
}

export async function runTied(step: Step): Promise<Uint8Array> {
  step.run(extents, { token: TOKENS, slot: new Int32Array(TOKENS.length) });
  return step.outputs.logits!.read();
}

/** The logits that so many threads compute. */
export async function logitsWith(
  threads: number,
  format: Format,
  bytes: Uint8Array,
  tuning: Tuning = {},
): Promise<Uint8Array> {
  await using backend = await createTunedBackend({ threads }, tuning);
  return await runTied(await bindTied(backend, format, bytes));
}
