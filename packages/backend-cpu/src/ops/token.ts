import { SEEN_IN_PROMPT } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";
import { alongSegments, type Segment } from "../segment.ts";

type Tokens = Matrix<Int32Array>;

/**
 * output[r] = token[r] ≥ 0 ? token[r] : lastToken[slot[r]]
 *
 * Padding, a row of slot −1, gets token −1.
 */
export function resolveToken(
  rows: number,
  token: Int32Array,
  slot: Int32Array,
  lastToken: Int32Array,
  output: Tokens,
): void {
  for (let row = 0; row < rows; row++) {
    const known = token[row]! >= 0 ? token[row]! : lastToken[slot[row]!]!;
    output.data[output.offset + row * output.stride] = slot[row] === -1 ? -1 : known;
  }
}

/**
 *   generated[r] = 0:  count[slot, token[r]] |= SEEN_IN_PROMPT
 *   generated[r] = 1:  count[slot, token[r]] += 1
 *
 * A row of token −1 counts nothing.
 */
export function countTokens(
  segments: readonly Segment[],
  token: Tokens,
  generated: Int32Array,
  vocabularySize: number,
  count: Int32Array,
): void {
  alongSegments(segments, count, vocabularySize, (row, slot) => {
    const id = token.data[token.offset + row * token.stride]!;
    if (id < 0) return;
    const place = slot + id;
    if (generated[row] === 1) count[place]! += 1;
    else count[place]! |= SEEN_IN_PROMPT;
  });
}

/** output[r] = table[token[r]], and zeros where the token is −1 */
export function embed(rows: number, token: Tokens, table: Float32Array, output: Matrix): void {
  const hiddenSize = output.columns;
  for (let row = 0; row < rows; row++) {
    const id = token.data[token.offset + row * token.stride]!;
    const to = output.offset + row * output.stride;
    for (let c = 0; c < hiddenSize; c++) output.data[to + c] = id < 0 ? 0 : table[id * hiddenSize + c]!;
  }
}

/** output[i] = input[row[i]], and zeros where row[i] is −1 */
export function gatherRows(outputRows: number, input: Matrix, row: Int32Array, output: Matrix): void {
  for (let i = 0; i < outputRows; i++) {
    const from = input.offset + row[i]! * input.stride;
    const to = output.offset + i * output.stride;
    for (let c = 0; c < output.columns; c++) output.data[to + c] = row[i]! < 0 ? 0 : input.data[from + c]!;
  }
}
