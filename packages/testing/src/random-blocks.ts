import { type Format, formatLayouts, isDType, quantize } from "@krait/tensor";
import type { Random } from "./random.ts";

/** Where the scales of a block stand that are f16. */
const halves: Readonly<Partial<Record<Format, readonly number[]>>> = {
  q8_0: [0],
  q4_0: [0],
  q4_1: [0, 2],
  q5_0: [0],
  q5_1: [0, 2],
  q2_k: [80, 82],
  q3_k: [108],
  q4_k: [0, 2],
  q5_k: [0, 2],
  q6_k: [208],
  iq4_nl: [0],
};

/** Random bytes are blocks like any other, if only their scales are tame. */
export function randomBytes(format: Format, count: number, random: Random): Uint8Array {
  if (isDType(format)) return quantize(format, random.normal(count, 1));
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];
  const bytes = Uint8Array.from({ length: (count / valuesPerBlock) * bytesPerBlock }, () =>
    random.integer(0, 256),
  );
  // Not NaN, which is all ones below the sign.
  if (format === "fp8_e4m3") return bytes.map((byte) => ((byte & 127) === 127 ? byte ^ 1 : byte));
  for (let block = 0; block < bytes.length; block += bytesPerBlock) {
    if (format === "mxfp4") bytes[block] = random.integer(120, 128);
    if (format === "nvfp4") bytes[block] = random.integer(32, 80);
    for (const at of halves[format] ?? [])
      bytes[block + at + 1] = random.integer(0, 2) * 128 + random.integer(36, 48);
  }
  return bytes;
}
