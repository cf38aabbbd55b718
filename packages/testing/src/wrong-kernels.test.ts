import { createCpuBackend } from "@krait/backend-cpu";
import { accessOf, type Backend, type FeedRef, opNames } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import type { OpCase } from "./op-cases/op-case.ts";
import { opCases } from "./op-cases/op-cases.ts";
import { runOpCase } from "./run-op-table.ts";
import { perturb, rewriteFeed, rewriteOps } from "./wrong-backend.ts";
import { wrongKernels } from "./wrong-kernels.ts";

const backend = await createCpuBackend();

/** The op's cases that a wrong backend fails; `wrong` gives undefined where the mistake has no place. */
async function failedCases(op: string, wrong: (opCase: OpCase) => Backend | undefined): Promise<string[]> {
  const failed: string[] = [];
  for (const opCase of opCases.filter((candidate) => candidate.op === op)) {
    const wrongBackend = wrong(opCase);
    if (wrongBackend === undefined) continue;
    const differences = await runOpCase(opCase, backend, wrongBackend);
    if (differences.some(({ error }) => !(error <= opCase.tolerance))) failed.push(opCase.name);
  }
  return failed;
}

/** What an op of this name writes: its outputs by field, and the states it may change. */
function writtenNames({ op: name, program }: OpCase): string[] {
  return program.ops
    .filter(({ op }) => op === name)
    .flatMap((op) => {
      const { writes, states } = accessOf(op);
      return [
        ...writes.map(({ value }) => program.values[value]!.name),
        ...states.filter(({ access }) => access === "update").map(({ state }) => state),
      ];
    });
}

describe("the table catches", () => {
  test.each(opNames)("one wrong number in anything that %s writes", async (name) => {
    const places = Math.max(
      ...opCases.filter(({ op }) => op === name).map((row) => writtenNames(row).length),
    );
    expect(places).toBeGreaterThan(0);
    for (let place = 0; place < places; place++) {
      const failed = await failedCases(name, (row) => {
        const written = writtenNames(row)[place];
        return written === undefined ? undefined : perturb(backend, written);
      });
      expect(failed, `write ${place} of ${name}`).not.toEqual([]);
    }
  });

  test.each(wrongKernels)("$op that $mistake", async ({ op, rewrite, feed }) => {
    const failed = await failedCases(op, ({ program }) => {
      if (rewrite !== undefined) return rewriteOps(backend, rewrite);
      const found = program.ops.find((candidate) => candidate.op === op)!;
      const reference = (found as unknown as Record<string, FeedRef>)[feed!.field]!;
      return rewriteFeed(backend, reference.feed, feed!.misread);
    });
    expect(failed).not.toEqual([]);
  });
});
