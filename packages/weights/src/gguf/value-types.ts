import type { GgufValue } from "./metadata.ts";

/** The types of metadata values, by their number in the file. */
export const scalarTypes = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;

export type GgufScalarType = Exclude<(typeof scalarTypes)[number], "array">;

/** The type of a metadata value: a scalar's, or that of an array's elements. */
export type GgufType = GgufScalarType | `${GgufScalarType}[]`;

/** A key of a GGUF file's metadata, with the type that its value is stored as. */
export type GgufKey = readonly [key: string, type: GgufType, value: GgufValue];
