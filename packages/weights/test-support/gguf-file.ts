/** Writes values as GGUF has them, right or wrong. */
export class GgufBytes {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  byteLength = 0;

  bytes(bytes: Uint8Array): this {
    this.#parts.push(new Uint8Array(bytes));
    this.byteLength += bytes.byteLength;
    return this;
  }

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u32(value: number): this {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, true);
    return this.bytes(new Uint8Array(view.buffer));
  }

  u64(value: number | bigint): this {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value), true);
    return this.bytes(new Uint8Array(view.buffer));
  }

  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u64(bytes.byteLength).bytes(bytes);
  }

  /** Zeros up to a multiple. */
  pad(alignment: number): this {
    const { byteLength } = this;
    return this.bytes(new Uint8Array(Math.ceil(byteLength / alignment) * alignment - byteLength));
  }

  done(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.byteLength);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.byteLength;
    }
    return all;
  }
}

/** A tensor by ggml's conventions: the fastest dimension first. */
export interface GgufTensorToWrite {
  readonly name: string;
  readonly dimensions: readonly (number | bigint)[];
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the header says it lies; after the one before unless given. */
  readonly offset?: number;
}

export interface GgufContent {
  readonly version?: number;
  readonly alignment?: number;
  /** Keys, each with its type and value. */
  readonly metadata?: readonly ((bytes: GgufBytes) => void)[];
  readonly tensors?: readonly GgufTensorToWrite[];
}

/** A whole file. */
export function ggufFile({
  version = 3,
  alignment = 32,
  metadata = [],
  tensors = [],
}: GgufContent): Uint8Array<ArrayBuffer> {
  const file = new GgufBytes().bytes(new TextEncoder().encode("GGUF")).u32(version);
  file.u64(tensors.length).u64(metadata.length);
  for (const write of metadata) write(file);
  let end = 0;
  for (const { name, dimensions, type, data, offset } of tensors) {
    const start = offset ?? Math.ceil(end / alignment) * alignment;
    end = start + data.byteLength;
    file.text(name).u32(dimensions.length);
    for (const dimension of dimensions) file.u64(dimension);
    file.u32(type).u64(start);
  }
  file.pad(alignment);
  for (const { data } of tensors) file.pad(alignment).bytes(data);
  return file.done();
}

/** A metadata key of type u16, u32 or string. */
export function key(name: string, type: "u16" | "u32" | "string", value: number | string) {
  return (bytes: GgufBytes): void => {
    bytes.text(name);
    if (type === "string") bytes.u32(8).text(String(value));
    else if (type === "u32") bytes.u32(4).u32(Number(value));
    else bytes.u32(2).bytes(new Uint8Array(Uint16Array.of(Number(value)).buffer));
  };
}

/** Values 0, 1, 2, … as F32. */
export function countingF32(
  name: string,
  dimensions: readonly number[],
): GgufTensorToWrite & { readonly data: Uint8Array<ArrayBuffer> } {
  const values = new Float32Array(dimensions.reduce((product, count) => product * count, 1)).map((_, i) => i);
  return { name, dimensions, type: 0, data: new Uint8Array(values.buffer) };
}
