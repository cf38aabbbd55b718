import { ProgramError } from "./errors.ts";
import { Checker } from "./ops/check.ts";
import { accessOf, checkOp } from "./ops/op.ts";
import type { Program } from "./program.ts";

/**
 * Checks a whole Program without any device: every op's shapes and dtypes, that each value is written
 * once and before it is read, that outputs are whole values, and that nothing declared is unused.
 *
 * @throws {ProgramError} naming the program, the op and what was expected.
 */
export function validate(program: Program): void {
  const written = new Set<number>();
  const used = new Set<string>();
  for (const [index, op] of program.ops.entries()) {
    const check = new Checker(program, `#${index} ${op.op}`);
    checkOp(op, check);
    const access = accessOf(op);
    for (const { value } of access.reads) {
      if (!written.has(value)) check.fail(`reads "${nameOf(program, value)}" before any op has written it`);
    }
    for (const { value, offset, columns } of access.writes) {
      if (written.has(value)) check.fail(`writes "${nameOf(program, value)}", which an earlier op wrote`);
      if (offset !== 0 || columns !== program.values[value]?.columns) {
        check.fail(`writes a part of "${nameOf(program, value)}"; ops write whole values`);
      }
      written.add(value);
    }
    for (const { weight } of access.weights) used.add(`weight "${weight}"`);
    for (const { state } of access.states) used.add(`state "${state}"`);
    for (const { feed } of access.feeds) used.add(`feed "${feed}"`);
  }
  for (const [name, { value, offset, columns }] of Object.entries(program.outputs)) {
    if (!written.has(value)) fail(program, `output "${name}" is never written`);
    if (offset !== 0 || columns !== program.values[value]?.columns) {
      fail(program, `output "${name}" is a part of "${nameOf(program, value)}"; outputs are whole values`);
    }
  }
  const declared = [
    ...Object.keys(program.weights).map((name) => `weight "${name}"`),
    ...Object.keys(program.states).map((name) => `state "${name}"`),
    ...Object.keys(program.feeds).map((name) => `feed "${name}"`),
  ];
  for (const name of declared) if (!used.has(name)) fail(program, `${name} is never used`);
}

function nameOf(program: Program, value: number): string {
  return program.values[value]?.name ?? `%${value}`;
}

function fail(program: Program, message: string): never {
  throw new ProgramError(program.name, undefined, message);
}
