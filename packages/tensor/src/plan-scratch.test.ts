import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Extents } from "./extents.ts";
import { accessOf } from "./ops/op.ts";
import { planScratch } from "./plan-scratch.ts";
import type { Operand, Program } from "./program.ts";
import { buildProgram } from "./program-builder.ts";

const largest: Extents = { rows: 16, segments: 1, longestSegment: 16, context: 64, outputRows: 4 };
const bytesOf = (program: Program, value: number) =>
  largest[program.values[value]!.rows] * program.values[value]!.columns * 4;

/** Programs of linear ops on any values before them, of several widths, some of them outputs. */
const programs = fc
  .array(
    fc.record({
      columns: fc.constantFrom(1, 2, 3, 8),
      input: fc.nat(),
      residual: fc.option(fc.nat()),
      isOutput: fc.boolean(),
      isGathered: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  .map((steps) =>
    buildProgram("random", (b) => {
      const fed = (name: string) => b.feed(name, { shape: ["rows"], dtype: "i32" });
      const token = b.resolveToken({
        token: fed("token"),
        slot: fed("slot"),
        lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
      });
      const values: Operand[] = [b.embed(token, b.weight("table", { shape: [5, 4], format: "f32" }))];
      const rows = b.feed("row", { shape: ["outputRows"], dtype: "i32" });
      b.gatherRows(values[0]!, rows);
      for (const [i, { columns, input, residual, isOutput, isGathered }] of steps.entries()) {
        const from = values[input % values.length]!;
        const weight = b.weight(`w${i}`, { shape: [columns, from.columns], format: "f32" });
        const fitting = values.filter((value) => value.columns === columns);
        const added =
          residual === null || fitting.length === 0 ? undefined : fitting[residual % fitting.length];
        const made = b.linear(from, weight, { residual: added });
        values.push(made);
        if (isOutput) b.output(`o${i}`, made);
        if (isGathered) b.output(`g${i}`, b.gatherRows(made, rows));
      }
    }),
  );

describe("planScratch", () => {
  test("a value's buffer is large enough and belongs to nobody else while the value lives", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const { buffers, bufferOf } = planScratch(program, largest);
        /** The value that holds each buffer, replayed op by op. */
        const holder = new Map<number, number>();
        for (const op of program.ops) {
          const { reads, writes } = accessOf(op);
          for (const { value } of writes) {
            const buffer = bufferOf[value]!;
            expect(buffers[buffer]).toBeGreaterThanOrEqual(bytesOf(program, value));
            expect(reads.map((read) => bufferOf[read.value])).not.toContain(buffer);
            holder.set(buffer, value);
          }
          for (const { value } of [...reads, ...writes]) expect(holder.get(bufferOf[value]!)).toBe(value);
        }
        for (const { value } of Object.values(program.outputs))
          expect(holder.get(bufferOf[value]!)).toBe(value);
      }),
      { numRuns: 300 },
    );
  });

  test("all buffers together take no more than a buffer for each value would", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const { buffers, totalBytes } = planScratch(program, largest);
        const naive = program.values.reduce((sum, _, value) => sum + bytesOf(program, value), 0);
        expect(totalBytes).toBe(buffers.reduce((sum, bytes) => sum + bytes, 0));
        expect(totalBytes).toBeLessThanOrEqual(naive);
      }),
    );
  });

  test("a long chain takes two buffers besides its outputs", () => {
    const program = buildProgram("chain", (b) => {
      const logits = b.state("logits", { per: "outputRow", count: 4, shape: [6], dtype: "f32" });
      let value = b.topK(logits, { count: 6 }).logits;
      for (let i = 0; i < 50; i++)
        value = b.rmsNorm(value, b.weight(`w${i}`, { shape: [6], format: "f32" }), { epsilon: 0 });
      b.output("last", value);
    });
    const { buffers } = planScratch(program, largest);
    expect(buffers).toEqual([96, 96]); // 4 rows of 6 columns of 4 bytes
  });

  test("the two outputs of one op have a buffer each", () => {
    const program = buildProgram("pair", (b) => {
      const { ids, logits } = b.topK(
        b.state("logits", { per: "outputRow", count: 4, shape: [6], dtype: "f32" }),
        {
          count: 2,
        },
      );
      b.output("ids", ids);
      b.output("largest", logits);
    });
    const { bufferOf } = planScratch(program, largest);
    expect(new Set(bufferOf).size).toBe(2);
  });
});
