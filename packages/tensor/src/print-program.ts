import { accessOf, type Op } from "./ops/op.ts";
import type { Operand, Program } from "./program.ts";

/**
 * A Program as text: its feeds, states and outputs, then one op a line with its operands in the order
 * of its fields.
 *
 *   12  layers.1.linear [rows, 768] = linear(input: layers.1.rmsNorm, weight: …, activation: relu2)
 */
export function printProgram(program: Program): string {
  const weights = Object.values(program.weights);
  const lines = [`program ${program.name}: ${program.ops.length} ops, ${weights.length} weights`];
  for (const [name, { dtype, shape }] of Object.entries(program.feeds)) {
    lines.push(`  feed    ${name} ${dtype}[${shape.join(", ")}]`);
  }
  for (const [name, { dtype, shape, per, count }] of Object.entries(program.states)) {
    lines.push(`  state   ${name} ${dtype}[${shape.join(", ")}] per ${per} × ${count}`);
  }
  for (const [index, op] of program.ops.entries()) {
    const results = accessOf(op).writes.map((operand) => {
      const value = program.values[operand.value]!;
      return `${value.name} ${value.dtype}[${value.rows}, ${value.columns}]`;
    });
    const result = results.length > 0 ? `${results.join(", ")} = ` : "";
    lines.push(`  ${String(index).padStart(4)}  ${result}${op.op}(${fields(program, op)})`);
  }
  for (const [name, operand] of Object.entries(program.outputs)) {
    lines.push(`  output  ${name} = ${view(program, operand)}`);
  }
  return lines.join("\n");
}

function fields(program: Program, op: Op): string {
  const parts: string[] = [];
  for (const [field, value] of Object.entries(op) as [string, unknown][]) {
    if (field === "op" || field.startsWith("output")) continue;
    parts.push(`${field}: ${print(program, value)}`);
  }
  return parts.join(", ");
}

function print(program: Program, field: unknown): string {
  if (typeof field !== "object" || field === null) return String(field);
  if (Array.isArray(field)) return `[${field.join(", ")}]`;
  if ("value" in field) return view(program, field as Operand);
  return String(Object.values(field)[0]);
}

function view(program: Program, operand: Operand): string {
  const value = program.values[operand.value]!;
  if (operand.columns === value.columns) return value.name;
  return `${value.name}[${operand.offset}:${operand.offset + operand.columns}]`;
}
