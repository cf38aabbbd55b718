import { BindingError } from "../errors.ts";
import { type Extents, resolveShape } from "../extents.ts";
import { elementCount } from "../format.ts";
import type { Program } from "../program.ts";

const feedArrays = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;

/** @throws {BindingError} when a Program is compiled for an extent that is no count. */
export function checkLargest(program: Program, largest: Extents): void {
  for (const [extent, count] of Object.entries(largest)) {
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new BindingError(
      `Program "${program.name}": largest.${extent} is ${count}, expected a whole number, 0 or more.`,
    );
  }
}

/** @throws {BindingError} when a step is larger than what its Program was compiled for. */
export function checkExtents(program: Program, extents: Extents, largest: Extents): void {
  for (const [extent, most] of Object.entries(largest) as [keyof Extents, number][]) {
    const count = extents[extent];
    if (Number.isSafeInteger(count) && count >= 0 && count <= most) continue;
    refuse(program, `extent "${extent}" is ${count}, expected 0 to ${most}, for which it was compiled`);
  }
}

/**
 * The bytes of what is given for a feed, at least as many as this step reads.
 *
 * @throws {BindingError} when there is no such feed, or its elements are of another type or too few.
 */
export function checkFeed(
  program: Program,
  name: string,
  given: ArrayBufferView,
  extents: Extents,
): Uint8Array {
  const spec = program.feeds[name];
  if (spec === undefined) {
    const known = Object.keys(program.feeds).join(", ");
    refuse(program, `there is no feed "${name}"; its feeds are ${known}`);
  }
  const expected: { readonly name: string } = feedArrays[spec.dtype];
  if (given.constructor !== expected) {
    refuse(
      program,
      `feed "${name}" is ${given.constructor.name}, expected ${expected.name} for ${spec.dtype}`,
    );
  }
  const shape = resolveShape(spec.shape, extents);
  const count = elementCount(shape);
  if (given.byteLength < 4 * count) {
    refuse(
      program,
      `feed "${name}" has ${given.byteLength / 4} elements, expected ${count} for [${shape.join(", ")}]`,
    );
  }
  return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
}

function refuse(program: Program, message: string): never {
  throw new BindingError(`Program "${program.name}": ${message}.`);
}
