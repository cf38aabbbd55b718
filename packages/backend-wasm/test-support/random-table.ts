import type { Format } from "@krait/tensor";
import { Random, randomBytes } from "@krait/testing";
import { COLUMNS, ROWS } from "./tied-logits.ts";

/** A table for the Program of `tied-logits.ts`; apart, since a page's worker has none of the testing tools. */
export function randomTable(format: Format): Uint8Array {
  return randomBytes(format, ROWS * COLUMNS, new Random(3));
}
