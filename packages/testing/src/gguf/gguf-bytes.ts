/** A key of a GGUF file's metadata, with the type of its value. */
export type GgufKey = readonly [
  key: string,
  type: "u32" | "i32" | "f32" | "bool" | "string" | "i32[]" | "string[]",
  value: unknown,
];

export interface GgufTensor {
  readonly name: string;
  /** Row-major; the file has it turned around. */
  readonly shape: readonly number[];
  readonly type: GgmlTypeName;
  readonly data: Uint8Array;
}

/** ggml's numbers of the types that are written here. */
const typeNumbers = { F32: 0, F16: 1, BF16: 30, Q8_0: 8 } as const;
const valueTypes = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8 } as const;
const ARRAY = 9;
const ALIGNMENT = 32;

export type GgmlTypeName = keyof typeof typeNumbers;

/** A GGUF file of version 3, in memory. Written for tests, without the code that reads such files. */
export function ggufBytes(keys: readonly GgufKey[], tensors: readonly GgufTensor[]): Uint8Array<ArrayBuffer> {
  const header = Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(keys.length),
    ...keys.map(([key, type, value]) => Buffer.concat([text(key), typedValue(type, value)])),
    ...declarations(tensors),
  ]);
  const data = tensors.map((tensor) => padded(tensor.data));
  return new Uint8Array(Buffer.concat([padded(header), ...data]));
}

function declarations(tensors: readonly GgufTensor[]): Buffer[] {
  let offset = 0;
  return tensors.map(({ name, shape, type, data }) => {
    const dimensions = [...shape].reverse().map(u64);
    const at = offset;
    offset += padded(data).byteLength;
    return Buffer.concat([text(name), u32(shape.length), ...dimensions, u32(typeNumbers[type]), u64(at)]);
  });
}

function typedValue(type: GgufKey[1], value: unknown): Buffer {
  if (!type.endsWith("[]")) {
    const scalar = type as keyof typeof valueTypes;
    return Buffer.concat([u32(valueTypes[scalar]), scalarValue(scalar, value)]);
  }
  const element = type.slice(0, -2) as keyof typeof valueTypes;
  const values = value as readonly unknown[];
  const start = [u32(ARRAY), u32(valueTypes[element]), u64(values.length)];
  return Buffer.concat([...start, ...values.map((one) => scalarValue(element, one))]);
}

function scalarValue(type: keyof typeof valueTypes, value: unknown): Buffer {
  if (type === "string") return text(String(value));
  if (type === "bool") return Buffer.of(value ? 1 : 0);
  const bytes = Buffer.alloc(4);
  if (type === "f32") bytes.writeFloatLE(Number(value));
  else if (type === "i32") bytes.writeInt32LE(Number(value));
  else bytes.writeUInt32LE(Number(value));
  return bytes;
}

function u32(value: number): Buffer {
  return scalarValue("u32", value);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.byteLength), bytes]);
}

function padded(bytes: Uint8Array): Buffer {
  const padding = (ALIGNMENT - (bytes.byteLength % ALIGNMENT)) % ALIGNMENT;
  return Buffer.concat([bytes, Buffer.alloc(padding)]);
}
