import type { Program } from "@krait/tensor";
import { binaryBytes, counted, decimalBytes, grouped } from "../quantities.ts";
import type { Inspection } from "./inspection.ts";

/** An inspection for people. With `program`, every op. */
export function inspectionText(inspection: Inspection, { program = false } = {}): string {
  const { plan, stored, programs } = inspection;
  const bytes = (count: number): string => `${grouped(count).padStart(16)}  ${decimalBytes(count)}`;
  const lines = [
    `${inspection.name}: ${inspection.architecture}, ${inspection.summary}`,
    `vocabulary ${grouped(inspection.vocabularySize)}, trained for ${grouped(inspection.maxContext)} tokens`,
    "",
    `parameters       ${grouped(inspection.parameters)}`,
    `weights          ${grouped(stored.bytes)} bytes in ${stored.formats.join(" and ")}, as the ${stored.from} says`,
    `state            ${decimalBytes(inspection.stateBytesPerSequence)} a sequence (${grouped(inspection.stateBytesPerSequence)} bytes)`,
    `keys and values  ${binaryBytes(inspection.kvBytesPerToken.f16)} a token in f16, ${binaryBytes(inspection.kvBytesPerToken.f32)} in f32`,
    "",
    `Memory on backend "${plan.backend}" for ${counted(plan.sequences, "sequence")}, ${counted(plan.context, "token")}, keys and values in ${plan.kvDtype}:`,
    `  weights          ${bytes(plan.weightBytes)}`,
    `  states           ${bytes(plan.stateBytes)}`,
    `  keys and values  ${bytes(plan.kvBytes)}`,
    `  prefix cache     ${bytes(plan.cacheBytes)}`,
    `  scratch          ${bytes(plan.scratchBytes)}`,
    `  total            ${bytes(plan.totalBytes)}`,
    "",
    "Weights:",
    ...weightLines(inspection),
    "",
    ...Object.values(programs).flatMap((each) => (program ? [String(each), ""] : programSummary(each))),
  ];
  if (!program) lines.push("--program prints every op.");
  return `${lines.join("\n").trimEnd()}\n`;
}

function weightLines({ weightGroups }: Inspection): string[] {
  const width = Math.max(...weightGroups.map(({ name }) => name.length));
  return weightGroups.map(({ name, count, shape, parameters }) => {
    const times = count > 1 ? `${count} × ` : "";
    return `  ${name.padEnd(width)} ${grouped(parameters).padStart(16)}  ${times}[${shape.join(", ")}]`;
  });
}

function programSummary({ name, ops }: Program): string[] {
  const counts = new Map<string, number>();
  for (const { op } of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  const parts = [...counts].map(([op, count]) => (count > 1 ? `${count} ${op}` : op));
  return [`Program ${name}, ${ops.length} ops: ${parts.join(", ")}.`];
}
