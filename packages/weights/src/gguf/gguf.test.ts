import fc from "fast-check";
import { expect, test } from "vitest";
import { collect } from "../../test-support/files.ts";
import { type GgufTensorToWrite, ggufFile, key } from "../../test-support/gguf-file.ts";
import { serveFiles } from "../../test-support/range-server.ts";
import { openWeights, WeightError, type WeightFile } from "../index.ts";
import { ggmlTypes } from "./ggml-types.ts";

/** Written by the ggml project's own library for Python, gguf 0.19.0; the values are in the test. */
const WRITTEN_BY_PYTHON =
  "R0dVRgMAAAAFAAAAAAAAABIAAAAAAAAAFAAAAAAAAABnZW5lcmFsLmFyY2hpdGVjdHVyZQgAAAAKAAAAAAAAAG5lbW90cm9uX2gEAAAAAAAAAHQudTgA" +
  "AAAAyAQAAAAAAAAAdC5pOAEAAAD9BQAAAAAAAAB0LnUxNgIAAABg6gUAAAAAAAAAdC5pMTYDAAAA0IoFAAAAAAAAAHQudTMyBAAAAAAoa+4FAAAAAAAA" +
  "AHQuaTMyBQAAAPv///8FAAAAAAAAAHQuZjMyBgAAAM3MzD0GAAAAAAAAAHQuYm9vbAcAAAABBQAAAAAAAAB0LnU2NAoAAAABAAAAAAAAgAUAAAAAAAAA" +
  "dC5pNjQLAAAA+f////////8FAAAAAAAAAHQuZjY0DAAAAJqZmZmZmbk/CAAAAAAAAAB0LnN0cmluZwgAAAAJAAAAAAAAAMOpdMOpIOKckwkAAAAAAAAA" +
  "dC5zdHJpbmdzCQAAAAgAAAADAAAAAAAAAAMAAAAAAAAAPHM+AwAAAAAAAADEoGEAAAAAAAAAAAYAAAAAAAAAdC5pbnRzCQAAAAUAAAADAAAAAAAAAAEA" +
  "AAD+////AwAAAAgAAAAAAAAAdC5mbG9hdHMJAAAABgAAAAIAAAAAAAAAAAAAPwAAwL8HAAAAAAAAAHQuYm9vbHMJAAAABwAAAAIAAAAAAAAAAQARAAAA" +
  "AAAAAGdlbmVyYWwuYWxpZ25tZW50BAAAAEAAAAAGAAAAAAAAAG1hdHJpeAIAAAADAAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAABoYWxm" +
  "AQAAAAIAAAAAAAAAAQAAAEAAAAAAAAAABgAAAAAAAABibG9ja3MCAAAAQAAAAAAAAAACAAAAAAAAAAgAAACAAAAAAAAAAAcAAAAAAAAAZXhwZXJ0cwMA" +
  "AAAEAAAAAAAAAAMAAAAAAAAAAgAAAAAAAAAAAAAAQAEAAAAAAAADAAAAAAAAAGlkcwEAAAADAAAAAAAAABsAAADAAQAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPADAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAACDiBg4WHiYuNj5GTlZeZm52foaOlp6mrra+xs7W3ubu9vwg0gYWJjZGVmZ2hpamtsbW5vcDEyMzQ1Njc4OTo7PD0+PzQMwAECAwQFBkdISUpLTE1" +
  "OT1CRkpOUlZaXmJma29zd3t/8DdBQ0VHSUtNT1FTVVdZW11fYWNlZ2lrbW9xc3V3eXt9fwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAAADAQAAA4EAAAABBAAAQQQAAIEEAADBBAABAQQAAUEEAAGBBAABwQQAA" +
  "gEEAAIhBAACQQQAAmEEAAKBBAACoQQAAsEEAALhBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADAAAAAAAAAAEAAAAAAAAABAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

test("a file that ggml's own library wrote is read", async () => {
  const file = await openWeights(new Blob([Buffer.from(WRITTEN_BY_PYTHON, "base64")]));
  expect(file.format).toBe("gguf");
  expect(file.metadata).toEqual({
    "general.architecture": "nemotron_h",
    "t.u8": 200,
    "t.i8": -3,
    "t.u16": 60000,
    "t.i16": -30000,
    "t.u32": 4000000000,
    "t.i32": -5,
    "t.f32": Math.fround(0.1),
    "t.bool": true,
    "t.u64": 2n ** 63n + 1n,
    "t.i64": -7,
    "t.f64": 0.1,
    "t.string": "été ✓",
    "t.strings": ["<s>", "Ġa", ""],
    "t.ints": Int32Array.of(1, -2, 3),
    "t.floats": Float32Array.of(0.5, -1.5),
    "t.bools": Uint8Array.of(1, 0),
    "general.alignment": 64,
  });
  expect([...file.tensors].map(([name, { dtype, shape, spec }]) => [name, dtype, shape, spec])).toEqual([
    ["matrix", "F32", [2, 3], { shape: [2, 3], format: "f32" }],
    ["half", "F16", [2], { shape: [2], format: "f16" }],
    ["blocks", "Q8_0", [2, 64], { shape: [2, 64], format: "q8_0" }],
    ["experts", "F32", [2, 3, 4], { shape: [2, 3, 4], format: "f32" }],
    ["ids", "I64", [3], undefined],
  ]);
  expect([...new Float32Array((await file.bytes("matrix")).buffer)]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await file.bytes("half")).toEqual(new Uint8Array([0x00, 0x3c, 0x00, 0xc0])); // 1 and −2
  expect([...new Float32Array((await file.bytes("experts")).buffer)]).toEqual(
    Array.from({ length: 24 }, (_, i) => i),
  );
  expect([...new BigInt64Array((await file.bytes("ids")).buffer)]).toEqual([3n, 1n, 4n]);
  expect(file.source("blocks").byteLength).toBe(2 * 2 * 34);
  expect(() => file.source("ids")).toThrow(
    expect.objectContaining({ code: "WEIGHT_DTYPE_UNSUPPORTED", tensor: "ids", actual: "I64" }),
  );
});

/** All tensor types that do not need megabytes, two-dimensional or less. */
const tensor: fc.Arbitrary<GgufTensorToWrite> = fc
  .record({
    name: fc.string({ unit: "binary" }),
    type: fc.constantFrom(...ggmlTypes.keys()),
    rows: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
    blocks: fc.nat({ max: 3 }),
  })
  .chain(({ name, type, rows, blocks }) => {
    const { valuesPerBlock, bytesPerBlock } = ggmlTypes.get(type)!.layout;
    const dimensions = [blocks * valuesPerBlock, ...(rows === undefined ? [] : [rows])];
    const length = blocks * bytesPerBlock * (rows ?? 1);
    const data = fc.uint8Array({ minLength: length, maxLength: length });
    return data.map((data) => ({ name, type, dimensions, data }));
  });
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 });

test("what was written is read back, under any alignment", async () => {
  const alignment = fc.constantFrom(8, 32, 256);
  await fc.assert(
    fc.asyncProperty(tensors, alignment, async (written, alignment) => {
      const metadata = [key("general.alignment", "u32", alignment)];
      const file = await openWeights(new Blob([ggufFile({ alignment, metadata, tensors: written })]));
      expect(new Set(file.tensors.keys())).toEqual(new Set(written.map(({ name }) => name)));
      for (const { name, type, dimensions, data } of written) {
        const { dtype, shape, byteOffset } = file.tensors.get(name)!;
        expect({ dtype, shape }).toEqual({
          dtype: ggmlTypes.get(type)!.name,
          shape: [...dimensions].reverse(),
        });
        expect(byteOffset % alignment).toBe(0);
        expect(await collect(file.read(name))).toEqual(data);
      }
    }),
  );
});

test("a header of megabytes is read on until it is complete, by ranges of a server", async () => {
  const tokens = Array.from({ length: 100_000 }, (_, id) => `token ${id}`);
  const vocabulary = (bytes: Parameters<ReturnType<typeof key>>[0]) => {
    bytes.text("tokenizer.ggml.tokens").u32(9).u32(8).u64(tokens.length);
    for (const token of tokens) bytes.text(token);
  };
  const data = new Uint8Array(34).fill(7);
  const bytes = ggufFile({
    metadata: [vocabulary],
    tensors: [{ name: "x", dimensions: [32], type: 8, data }],
  });
  await using server = await serveFiles({ "model.gguf": bytes });
  const file = await openWeights(new URL("model.gguf", server.url));
  expect(file.metadata["tokenizer.ggml.tokens"]).toEqual(tokens);
  expect(await collect(file.read("x"))).toEqual(data);
  expect(server.requests.length).toBeLessThan(8);
});

/** Reads everything; anything but a WeightError escapes. */
async function readAll(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let file: WeightFile;
  try {
    file = await openWeights(new File([bytes], "damaged.gguf"));
  } catch (error) {
    expect(error).toBeInstanceOf(WeightError);
    expect((error as WeightError).file).toBe("damaged.gguf");
    return;
  }
  let byteLength = 0;
  for (const name of file.tensors.keys()) {
    for await (const piece of file.read(name)) byteLength += piece.byteLength;
  }
  expect(byteLength).toBeLessThanOrEqual(bytes.byteLength);
}

test("flipped bytes give a valid file or a WeightError", async () => {
  const written = new Uint8Array(Buffer.from(WRITTEN_BY_PYTHON, "base64"));
  const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 8, 9, 0x7f, 0x80, 0xff));
  // The header is the first 960 bytes; what follows it is only data.
  const damages = fc.array(fc.record({ at: fc.nat({ max: 960 }), byte }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(damages, async (damages) => {
      const bytes = written.slice();
      for (const { at, byte } of damages) bytes[at] = byte;
      await readAll(bytes);
    }),
    { numRuns: 2000 },
  );
});

test("any bytes after the magic give a valid file or a WeightError", async () => {
  const word = fc.oneof(
    fc.nat({ max: 12 }),
    fc.constantFrom(32, 2 ** 20, 2 ** 31, 2 ** 32 - 1, 0x46554747, 0x61616161),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 60 }), async (words) => {
      const bytes = new Uint8Array(8 + 4 * words.length);
      bytes.set(new TextEncoder().encode("GGUF\u0003\0\0\0"));
      bytes.set(new Uint8Array(Uint32Array.from(words).buffer), 8);
      await readAll(bytes);
    }),
    { numRuns: 2000 },
  );
});

test("a file that is cut short anywhere is a WeightError", async () => {
  const written = new Uint8Array(Buffer.from(WRITTEN_BY_PYTHON, "base64"));
  const ids = (await openWeights(new Blob([written]))).tensors.get("ids")!;
  for (let length = 0; length < ids.byteOffset + ids.byteLength; length += 3) {
    await expect(openWeights(new Blob([written.slice(0, length)]))).rejects.toThrow(WeightError);
  }
});
