import { type Format, type FormatLayout, formatLayouts } from "@krait/tensor";

/** A tensor type of ggml: how its rows are stored, and Krait's format for it if there is one. */
export interface GgmlType {
  readonly name: string;
  readonly layout: FormatLayout;
  readonly format: Format | undefined;
}

/** By the number that a file holds (`enum ggml_type`). Numbers that are missing were retired, or are never stored. */
export const ggmlTypes: ReadonlyMap<number, GgmlType> = new Map([
  [0, known("f32")],
  [1, known("f16")],
  [2, known("q4_0")],
  [3, known("q4_1")],
  [6, known("q5_0")],
  [7, known("q5_1")],
  [8, known("q8_0")],
  [10, known("q2_k")],
  [11, known("q3_k")],
  [12, known("q4_k")],
  [13, known("q5_k")],
  [14, known("q6_k")],
  [16, unread("IQ2_XXS", 256, 66)],
  [17, unread("IQ2_XS", 256, 74)],
  [18, unread("IQ3_XXS", 256, 98)],
  [19, unread("IQ1_S", 256, 50)],
  [20, known("iq4_nl")],
  [21, unread("IQ3_S", 256, 110)],
  [22, unread("IQ2_S", 256, 82)],
  [23, unread("IQ4_XS", 256, 136)],
  [24, unread("I8", 1, 1)],
  [25, unread("I16", 1, 2)],
  [26, known("i32")],
  [27, unread("I64", 1, 8)],
  [28, unread("F64", 1, 8)],
  [29, unread("IQ1_M", 256, 56)],
  [30, known("bf16")],
  [34, unread("TQ1_0", 256, 54)],
  [35, unread("TQ2_0", 256, 66)],
  [39, known("mxfp4")],
  [40, unread("NVFP4", 64, 36)],
  [41, unread("Q1_0", 128, 18)],
]);

/** The types that have a format. */
export const typesWithFormat: readonly string[] = [...ggmlTypes.values()]
  .filter(({ format }) => format !== undefined)
  .map(({ name }) => name);

function known(format: Format): GgmlType {
  return { name: format.toUpperCase(), layout: formatLayouts[format], format };
}

function unread(name: string, valuesPerBlock: number, bytesPerBlock: number): GgmlType {
  return { name, layout: { valuesPerBlock, bytesPerBlock }, format: undefined };
}
