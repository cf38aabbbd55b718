import { elementCount, formatLayouts } from "./format.ts";
import { PAGE_SIZE, type StateSpec } from "./program.ts";

/** Bytes of one page, one slot or one output row of a state. */
export function stateUnitBytes(spec: StateSpec): number {
  const positions = spec.per === "page" ? PAGE_SIZE : 1;
  return positions * elementCount(spec.shape) * formatLayouts[spec.dtype].bytesPerBlock;
}

/** Bytes of a state's whole buffer. */
export function stateBytes(spec: StateSpec): number {
  return spec.count * stateUnitBytes(spec);
}
