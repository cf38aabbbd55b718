import { expect, test } from "vitest";
import { collect, countingTensor, safetensors } from "../../test-support/files.ts";
import { encodeSafetensors, openWeights, type TensorToWrite, WeightError } from "../index.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

test("the bytes are those of the format's description", async () => {
  const header =
    '{"__metadata__":{"format":"pt"},"b":{"dtype":"U16","shape":[2,1],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}';
  const file = await safetensors(
    [
      { name: "a", dtype: "U8", shape: [1], data: bytes(9) },
      { name: "b", dtype: "U16", shape: [2, 1], data: new Uint16Array([1, 0x203]) },
    ],
    { format: "pt" },
  );
  const length = Math.ceil(header.length / 8) * 8;
  expect(file.subarray(0, 8)).toEqual(bytes(length, 0, 0, 0, 0, 0, 0, 0));
  expect(new TextDecoder().decode(file.subarray(8, 8 + length))).toBe(header.padEnd(length));
  expect(file.subarray(8 + length)).toEqual(bytes(1, 0, 3, 2, 9));
});

test("a file without tensors is a file", async () => {
  expect(await safetensors([])).toEqual(
    bytes(8, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode("{}      ")),
  );
});

test("the order in which tensors are given does not matter", async () => {
  const tensors = ["b", "a", "c"].map((name) => countingTensor(name, [2]));
  const wide: TensorToWrite = { name: "z", dtype: "I64", shape: [1], data: new BigInt64Array([5n]) };
  expect(await safetensors([...tensors, wide])).toEqual(await safetensors([wide, ...tensors.reverse()]));
  const file = await openWeights(new Blob([await safetensors([...tensors, wide])]));
  expect([...file.tensors.keys()]).toEqual(["z", "a", "b", "c"]);
});

test("a view's own bytes are written, not its whole buffer", async () => {
  const view = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const file = await openWeights(
    new Blob([await safetensors([{ name: "v", dtype: "F32", shape: [2], data: view }])]),
  );
  expect([...new Float32Array((await file.bytes("v")).buffer)]).toEqual([2, 3]);
});

test("a stream is passed on piece by piece, each before the next is made", async () => {
  const events: string[] = [];
  async function* data(): AsyncGenerator<Uint8Array> {
    for (const i of [0, 1, 2]) {
      events.push(`made ${i}`);
      yield new Uint8Array(4).fill(i);
    }
  }
  const file = encodeSafetensors([{ name: "s", dtype: "U8", shape: [3, 4], data: data() }]);
  let received = -1; // the header comes first
  for await (const _ of file) {
    if (received >= 0) events.push(`received ${received}`);
    received++;
  }
  expect(events).toEqual(["made 0", "received 0", "made 1", "received 1", "made 2", "received 2"]);
});

test.each([
  ["a repeated name", [countingTensor("a", [1]), countingTensor("a", [2])]],
  ["the name of the metadata", [countingTensor("__metadata__", [1])]],
  ["a negative dimension", [{ name: "a", dtype: "F32", shape: [-1], data: bytes() }]],
  ["a fractional dimension", [{ name: "a", dtype: "F32", shape: [0.5, 2], data: bytes(1, 2, 3, 4) }]],
  ["half a byte", [{ name: "a", dtype: "F4", shape: [1], data: bytes(1) }]],
  [
    "an unknown dtype",
    [{ name: "a", dtype: "f32", shape: [1], data: bytes(1, 2, 3, 4) } as unknown as TensorToWrite],
  ],
  ["too little data", [{ name: "a", dtype: "F32", shape: [2], data: bytes(1, 2, 3, 4) }]],
  ["too much data", [{ name: "a", dtype: "U8", shape: [2], data: bytes(1, 2, 3, 4) }]],
] as [string, TensorToWrite[]][])("%s is refused at once", (_, tensors) => {
  const encode = () => encodeSafetensors(tensors);
  expect(encode).toThrow(WeightError);
  expect(encode).toThrow(expect.objectContaining({ code: "WEIGHT_WRITE_INVALID", tensor: tensors[0]!.name }));
});

test.each([3, 5, 100])(
  "a stream of %i bytes instead of 4 is refused when it ends or overflows",
  async (count) => {
    async function* data(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < count; i++) yield bytes(i);
    }
    const file = encodeSafetensors([{ name: "s", dtype: "U8", shape: [4], data: data() }]);
    const expected = { code: "WEIGHT_WRITE_INVALID", tensor: "s", expected: 4, actual: Math.min(count, 5) };
    await expect(collect(file)).rejects.toMatchObject(expected);
  },
);
