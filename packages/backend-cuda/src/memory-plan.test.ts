import {
  architectureOf,
  deviceFormat,
  type MemoryPlan,
  planMemory,
  resolveModelOptions,
} from "@krait/models";
import type { Extents, Format, Program } from "@krait/tensor";
import { readConfig } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { CompileContext } from "./compile-context.ts";
import { launchesOf } from "./kernels/kernels.ts";
import { weightBytes } from "./weight.ts";
import { weightFormats } from "./weights/weight-layout.ts";

const GIBIBYTE = 2 ** 30;

/** An H200, as far as sizes follow from it: more multiprocessors than on smaller cards, so more workspace too. */
const device = { ordinal: 0, name: "H200", compute: "9.0", multiprocessors: 132, sharedBytes: 227 * 1024 };

/** Memory of kernels' own, which ops share by name. */
function workspaceBytes(program: Program, largest: Extents): number {
  const context = new CompileContext(program, largest, device);
  const workspaces = new Map<string, number>();
  for (const { args } of program.ops.flatMap((op) => launchesOf(op, context))) {
    for (const argument of args) {
      if (argument.kind !== "workspace") continue;
      workspaces.set(argument.name, Math.max(workspaces.get(argument.name) ?? 0, argument.bytes));
    }
  }
  return [...workspaces.values()].reduce((sum, bytes) => sum + bytes, 0);
}

interface Plan extends MemoryPlan {
  readonly workspaceBytes: number;
}

/** The 9B with 128K tokens of context, in one of its formats. */
function planOf(format: Format, chunkRows: number): Plan {
  const architecture = architectureOf(readConfig("NVIDIA-Nemotron-Nano-9B-v2"));
  const formats = Object.fromEntries(
    architecture.weights.map(({ name, kind }) => [name, deviceFormat(kind, format, weightFormats)]),
  );
  const options = { maxContext: 131_072, maxSequences: 4, chunkRows };
  const { program, largest } = resolveModelOptions(architecture, { kvDtype: "bf16" }, formats, options);
  const programs = architecture.programs(program);
  const workspaces = Object.values(programs).map((each) => workspaceBytes(each, largest));
  return {
    ...planMemory(architecture, programs, largest, weightBytes),
    workspaceBytes: workspaces.reduce((sum, bytes) => sum + bytes),
  };
}

describe("the 9B with 128K tokens", () => {
  const plan = planOf("bf16", 512);

  test("fits into 22 GiB in bf16: weights, states, keys and values, and scratch of every kind", () => {
    expect(plan.totalBytes + plan.workspaceBytes).toBeLessThan(22 * GIBIBYTE);
  });

  test("takes what its shapes say", () => {
    // 8.888 billion parameters, nearly all of them in two bytes.
    expect(plan.parameters).toBeGreaterThan(8.88e9);
    expect(plan.weightBytes / (2 * plan.parameters)).toBeCloseTo(1, 3);
    // Four layers of keys and values, eight heads of 128, in bf16.
    expect(plan.kvBytesPerToken).toBe(4 * 2 * 8 * 128 * 2);
    expect(plan.kvBytes).toBeGreaterThanOrEqual(131_072 * plan.kvBytesPerToken);
    // 27 layers of 128 heads of 80 × 128 states and of windows of three inputs, in f32.
    expect(plan.stateBytesPerSequence).toBe(27 * 4 * (128 * 80 * 128 + 3 * (10_240 + 2 * 8 * 128)));
  });

  test("fits into 13 GiB in eight bits, and into 9 in four", () => {
    for (const [format, gibibytes] of [
      ["q8_0", 13],
      ["fp8_e4m3", 13],
      ["q4_0", 9],
      ["nvfp4", 9],
    ] as const) {
      const { totalBytes, workspaceBytes } = planOf(format, 512);
      expect([format, totalBytes + workspaceBytes < gibibytes * GIBIBYTE]).toEqual([format, true]);
    }
  });
});
