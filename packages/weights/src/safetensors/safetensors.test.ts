import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, safetensors } from "../../test-support/files.ts";
import {
  openWeights,
  type SafetensorsDType,
  type TensorToWrite,
  WeightError,
  type WeightFile,
} from "../index.ts";
import { dtypeBits, tensorByteLength } from "./dtype.ts";

/** Written by the safetensors 0.8.0 library for Python; the values are in the test. */
const WRITTEN_BY_PYTHON =
  "QAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpZHMiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzVdLCJkYXRhX29mZnNldHMi" +
  "OlswLDQwXX0sInNjYWxhciI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbNDAsNDhdfSwiZW1wdHkiOnsiZHR5cGUiOiJG" +
  "MzIiLCJzaGFwZSI6WzAsNF0sImRhdGFfb2Zmc2V0cyI6WzQ4LDQ4XX0sIm1hdHJpeCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9v" +
  "ZmZzZXRzIjpbNDgsNzJdfSwiw6l0w6kg4pyTIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbNzIsNzZdfSwiYnJhaW4i" +
  "OnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNzYsODBdfSwiaGFsZiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMSwy" +
  "XSwiZGF0YV9vZmZzZXRzIjpbODAsODRdfSwiYnl0ZXMiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMywxXSwiZGF0YV9vZmZzZXRzIjpbODQsODddfSwi" +
  "ZmxhZ3MiOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbODcsODldfX0gICADAAAAAAAAAAEAAAAAAAAABAAAAAAAAAAB" +
  "AAAAAAAAAAUAAAAAAAAAAAAAAAAABEAAAAAAAACAPwAAAEAAAEBAAACAQAAAoED/////gD8APwA8AMAHCAkBAA==";

test("a file that the reference library wrote is read", async () => {
  const file = await openWeights(new Blob([Buffer.from(WRITTEN_BY_PYTHON, "base64")]));
  const view = async (name: string) => new DataView((await file.bytes(name)).buffer);

  expect(file.format).toBe("safetensors");
  expect(file.metadata).toEqual({ format: "pt" });
  expect(
    [...file.tensors].map(([name, { dtype, shape, spec }]) => [name, dtype, shape, spec?.format]),
  ).toEqual([
    ["ids", "I64", [5], undefined],
    ["scalar", "F64", [], undefined],
    ["empty", "F32", [0, 4], "f32"],
    ["matrix", "F32", [2, 3], "f32"],
    ["été ✓", "I32", [1], "i32"],
    ["brain", "BF16", [2], "bf16"],
    ["half", "F16", [1, 2], "f16"],
    ["bytes", "U8", [3, 1], undefined],
    ["flags", "BOOL", [2], undefined],
  ]);
  expect(file.tensors.get("matrix")?.spec).toEqual({ shape: [2, 3], format: "f32" });
  expect([...new BigInt64Array((await file.bytes("ids")).buffer)]).toEqual([3n, 1n, 4n, 1n, 5n]);
  expect([...new Float32Array((await file.bytes("matrix")).buffer)]).toEqual([0, 1, 2, 3, 4, 5]);
  expect((await view("scalar")).getFloat64(0, true)).toBe(2.5);
  expect((await view("été ✓")).getInt32(0, true)).toBe(-1);
  expect(await file.bytes("brain")).toEqual(new Uint8Array([0x80, 0x3f, 0x00, 0x3f])); // 1 and 0.5
  expect(await file.bytes("half")).toEqual(new Uint8Array([0x00, 0x3c, 0x00, 0xc0])); // 1 and −2
  expect(await file.bytes("bytes")).toEqual(new Uint8Array([7, 8, 9]));
  expect(await file.bytes("flags")).toEqual(new Uint8Array([1, 0]));
  expect(await file.bytes("empty")).toEqual(new Uint8Array());
});

test("a tensor of a dtype without a format can be read, but is no source for a backend", async () => {
  const file = await openWeights(new Blob([Buffer.from(WRITTEN_BY_PYTHON, "base64")]));
  expect(() => file.source("ids")).toThrow(WeightError);
  expect(() => file.source("ids")).toThrow(
    expect.objectContaining({ code: "WEIGHT_DTYPE_UNSUPPORTED", tensor: "ids", actual: "I64" }),
  );
  expect(file.source("matrix").byteLength).toBe(24);
});

const dtype = fc.constantFrom(...(Object.keys(dtypeBits) as SafetensorsDType[]));
const shape = fc.array(fc.nat({ max: 5 }), { maxLength: 4 });
const tensor: fc.Arbitrary<TensorToWrite> = fc
  .record({ name: fc.string({ unit: "binary" }), dtype, shape })
  .filter(({ name, dtype, shape }) => name !== "__metadata__" && tensorByteLength(dtype, shape) !== undefined)
  .chain((spec) => {
    const byteLength = tensorByteLength(spec.dtype, spec.shape)!;
    const data = fc.uint8Array({ minLength: byteLength, maxLength: byteLength });
    return data.map((bytes) => ({ ...spec, data: bytes }));
  });
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });
const metadata = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));

test("what was written is read back", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, metadata, async (written, metadata) => {
      const file = await openWeights(new Blob([await safetensors(written, metadata)]));
      expect(Object.entries(file.metadata)).toEqual(Object.entries(metadata));
      expect(new Set(file.tensors.keys())).toEqual(new Set(written.map(({ name }) => name)));
      for (const { name, dtype, shape, data } of written) {
        expect(file.tensors.get(name)).toMatchObject({ dtype, shape });
        expect(await collect(file.read(name))).toEqual(data);
      }
    }),
  );
});

/** Reads everything; anything but a WeightError escapes. */
async function readAll(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let file: WeightFile;
  try {
    file = await openWeights(new Blob([bytes]));
  } catch (error) {
    expect(error).toBeInstanceOf(WeightError);
    return;
  }
  let byteLength = 0;
  for (const name of file.tensors.keys()) {
    for await (const piece of file.read(name)) byteLength += piece.byteLength;
  }
  expect(byteLength).toBeLessThanOrEqual(bytes.byteLength);
}

interface Damage {
  readonly at: number;
  readonly byte: number;
}

test("flipped bytes give a valid file or a WeightError", async () => {
  const damages = fc.array(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(tensors, damages, async (written, damages: Damage[]) => {
      const bytes = await safetensors(written);
      for (const { at, byte } of damages) bytes[at % bytes.byteLength] = byte;
      await readAll(bytes);
    }),
    { numRuns: 500 },
  );
});

test("a truncated file is a WeightError", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, fc.nat(), async (written, length) => {
      const bytes = await safetensors(written);
      const cut = bytes.slice(0, length % bytes.byteLength);
      await expect(openWeights(new Blob([cut]))).rejects.toThrow(WeightError);
    }),
  );
});

test("a header of any JSON gives a valid file or a WeightError", async () => {
  const count = fc.oneof(
    fc.nat({ max: 9 }),
    fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53, 1e300),
    fc.jsonValue(),
  );
  const dtypeOrNot = fc.oneof(dtype, fc.jsonValue());
  const entry = fc.record(
    { dtype: dtypeOrNot, shape: fc.array(count), data_offsets: fc.array(count) },
    { requiredKeys: [] },
  );
  const header = fc.oneof(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(header, fc.nat({ max: 20 }), async (header, dataBytes) => {
      const json = new TextEncoder().encode(JSON.stringify(header));
      const bytes = new Uint8Array(8 + json.byteLength + dataBytes);
      new DataView(bytes.buffer).setUint32(0, json.byteLength, true);
      bytes.set(json, 8);
      await readAll(bytes);
    }),
    { numRuns: 500 },
  );
});
