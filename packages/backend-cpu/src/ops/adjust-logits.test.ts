import { SEEN_IN_PROMPT } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { blank, rowsOf } from "../../test-support/matrix.ts";
import { type Adjustments, adjustLogits } from "./adjust-logits.ts";

const vocabularySize = 5;
const logits = Float32Array.of(2, -2, 4, -4, 1);

/** Settings are temperature, topP, minP, then the repetition, presence and frequency penalty. */
function adjust({
  penalties = [1, 0, 0],
  maskRow = -1,
  ...fields
}: Partial<Adjustments> & {
  penalties?: number[];
  maskRow?: number;
}): number[] {
  const output = blank(1, vocabularySize);
  adjustLogits(
    1,
    vocabularySize,
    logits,
    {
      count: new Int32Array(2 * vocabularySize),
      slot: Int32Array.of(1),
      setting: Float32Array.of(0, 1, 0, ...penalties),
      choice: Int32Array.of(0, 0, 0, maskRow),
      biasToken: Int32Array.of(-1, -1),
      biasValue: Float32Array.of(7, 7),
      biases: 2,
      mask: Uint32Array.of(0b10011),
      ...fields,
    },
    output,
  );
  return rowsOf(output)[0]!;
}

/** Slot 1 has token 0 and 1 in the prompt, and has generated token 1 once and token 2 three times. */
const count = Int32Array.of(9, 9, 9, 9, 9, SEEN_IN_PROMPT, SEEN_IN_PROMPT + 1, 3, 0, 0);

describe("adjustLogits", () => {
  test("changes nothing when nothing is set", () => {
    expect(adjust({ count })).toEqual([...logits]);
  });

  test("the repetition penalty divides what is above 0 and multiplies what is below, of every seen token", () => {
    expect(adjust({ count, penalties: [2, 0, 0] })).toEqual([1, -4, 2, -4, 1]);
  });

  test("presence is taken once and frequency for every time, of generated tokens alone", () => {
    expect(adjust({ count, penalties: [1, 0.5, 0] })).toEqual([2, -2.5, 3.5, -4, 1]);
    expect(adjust({ count, penalties: [1, 0, 0.25] })).toEqual([2, -2.25, 3.25, -4, 1]);
  });

  test("a bias comes after the penalties, the mask last", () => {
    const biasToken = Int32Array.of(1, 3);
    const biasValue = Float32Array.of(10, 100);
    expect(adjust({ count, penalties: [2, 0, 0], biasToken, biasValue, maskRow: 0 })).toEqual([
      1,
      6,
      -Infinity,
      -Infinity,
      1,
    ]);
  });

  test("padding stays as it is", () => {
    expect(adjust({ count, slot: Int32Array.of(-1), penalties: [2, 1, 1], maskRow: 0 })).toEqual([...logits]);
  });
});
