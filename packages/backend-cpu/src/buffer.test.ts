import { DisposedError, MemoryLimitError } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { createCpuBackend } from "./index.ts";

const words = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);

describe("allocate", () => {
  test("gives zeros, of any length", async () => {
    const backend = await createCpuBackend();
    expect(await backend.allocate(7, "odd").read()).toEqual(new Uint8Array(7));
    expect(await backend.allocate(0, "none").read()).toEqual(new Uint8Array(0));
  });

  test("refuses what is past the limit with the numbers, and counts what was disposed as free", async () => {
    const backend = await createCpuBackend({ memoryBytes: 100 });
    const first = backend.allocate(60, "first");
    expect(() => backend.allocate(41, "second")).toThrow(
      expect.objectContaining({
        code: "MEMORY_EXCEEDED",
        requestedBytes: 41,
        allocatedBytes: 60,
        memoryBytes: 100,
        message: expect.stringContaining('"second"'),
      }),
    );
    backend.allocate(40, "third");
    first[Symbol.dispose]();
    first[Symbol.dispose](); // a second time frees nothing more
    backend.allocate(60, "fourth");
    expect(() => backend.allocate(1, "fifth")).toThrow(MemoryLimitError);
  });

  test("refuses more than the machine can give with the same error", async () => {
    const backend = await createCpuBackend();
    expect(() => backend.allocate(2 ** 52, "everything")).toThrow(MemoryLimitError);
  });

  test.each([-4, 1.5, Number.NaN])("refuses %f bytes", async (bytes) => {
    const backend = await createCpuBackend();
    expect(() => backend.allocate(bytes, "x")).toThrow(expect.objectContaining({ code: "BINDING_INVALID" }));
  });
});

describe("a buffer", () => {
  test("writes and reads regions, as copies", async () => {
    const backend = await createCpuBackend();
    const buffer = backend.allocate(8, "b");
    const source = Uint8Array.of(1, 2, 3);
    buffer.write(2, source);
    source.fill(9);
    const read = await buffer.read(1, 5);
    expect(read).toEqual(Uint8Array.of(0, 1, 2, 3, 0));
    read.fill(9);
    expect(await buffer.read(4)).toEqual(Uint8Array.of(3, 0, 0, 0));
  });

  test("refuses regions outside of it, naming the buffer", async () => {
    const backend = await createCpuBackend();
    const buffer = backend.allocate(8, "window");
    expect(() => buffer.write(6, new Uint8Array(3))).toThrow(/"window" of 8 bytes/);
    await expect(buffer.read(-1, 2)).rejects.toThrow(/Bytes -1 to 1/);
    await expect(buffer.read(0, 9)).rejects.toMatchObject({ code: "BINDING_INVALID" });
  });

  test("cannot be used once it is disposed", async () => {
    const backend = await createCpuBackend();
    const buffer = backend.allocate(8, "gone");
    buffer[Symbol.dispose]();
    expect(() => buffer.write(0, new Uint8Array(1))).toThrow(DisposedError);
    await expect(buffer.read()).rejects.toMatchObject({ code: "DISPOSED" });
  });
});

describe("copy", () => {
  test("copies regions between buffers and inside one, in order", async () => {
    const backend = await createCpuBackend();
    const a = backend.allocate(16, "a");
    const b = backend.allocate(8, "b");
    a.write(0, words(1, 2, 3, 4));
    backend.copy([
      { source: a, sourceOffset: 0, target: a, targetOffset: 8, byteLength: 8 },
      { source: a, sourceOffset: 12, target: b, targetOffset: 4, byteLength: 4 },
    ]);
    expect(await a.read()).toEqual(words(1, 2, 1, 2));
    expect(await b.read()).toEqual(words(0, 2));
  });

  test.each([
    ["past the source", { sourceOffset: 12, targetOffset: 0, byteLength: 8 }, /"a" of 16 bytes/],
    ["past the target", { sourceOffset: 0, targetOffset: 4, byteLength: 8 }, /"b" of 8 bytes/],
    ["at an odd offset", { sourceOffset: 2, targetOffset: 0, byteLength: 4 }, /multiples of 4/],
    ["of an odd length", { sourceOffset: 0, targetOffset: 0, byteLength: 3 }, /multiples of 4/],
  ])("refuses a region %s", async (_, region, message) => {
    const backend = await createCpuBackend();
    const a = backend.allocate(16, "a");
    const b = backend.allocate(8, "b");
    const copy = () => backend.copy([{ source: a, target: b, ...region }]);
    expect(copy).toThrow(message);
    expect(copy).toThrow(expect.objectContaining({ code: "BINDING_INVALID" }));
  });

  test("refuses a region that overlaps its own target, and a bad one before any is copied", async () => {
    const backend = await createCpuBackend();
    const a = backend.allocate(16, "a");
    a.write(0, words(1, 2, 3, 4));
    const good = { source: a, sourceOffset: 0, target: a, targetOffset: 12, byteLength: 4 };
    expect(() => backend.copy([good, { ...good, targetOffset: 4, byteLength: 8 }])).toThrow(/overlaps/);
    expect(await a.read()).toEqual(words(1, 2, 3, 4));
  });

  test("refuses buffers of another backend", async () => {
    const backend = await createCpuBackend();
    const own = backend.allocate(4, "own");
    const foreign = {
      byteLength: 4,
      write() {},
      clear() {},
      read: async () => new Uint8Array(4),
      [Symbol.dispose]() {},
    };
    expect(() =>
      backend.copy([{ source: own, sourceOffset: 0, target: foreign, targetOffset: 0, byteLength: 4 }]),
    ).toThrow(/another backend/);
  });
});

test("a disposed backend takes no more work", async () => {
  const backend = await createCpuBackend();
  await backend[Symbol.asyncDispose]();
  expect(() => backend.allocate(4, "late")).toThrow(DisposedError);
  expect(() => backend.copy([])).toThrow(DisposedError);
});
