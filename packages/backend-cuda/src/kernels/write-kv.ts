import { type DType, UnsupportedOpError, type WriteKv } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { i32, type Launch, pointer, state } from "../launch.ts";
import { writeKvPtx } from "../ptx/write-kv.ts";

/** What keys and values may be kept in. */
export const pageDtypes: readonly DType[] = ["f32", "f16", "bf16"];

/** @throws {UnsupportedOpError} for pages of another dtype, or keys and values of different ones. */
export function checkPages(op: PagedOp, at: CompileContext): DType {
  const [keys, values] = [at.stateDtype(op.keys), at.stateDtype(op.values)];
  if (keys === values && pageDtypes.includes(keys)) return keys;
  throw new UnsupportedOpError({
    op: op.op,
    backend: "cuda",
    formats: [`keys in ${keys}`, `values in ${values}`],
    supported: pageDtypes.map((dtype) => `both in ${dtype}`),
  });
}

interface PagedOp {
  readonly op: string;
  readonly keys: WriteKv["keys"];
  readonly values: WriteKv["values"];
}

export function writeKv(op: WriteKv, at: CompileContext): Launch[] {
  const { columns } = op.key;
  return [
    {
      module: writeKvPtx,
      kernel: `write_kv_${checkPages(op, at)}`,
      threads: 128,
      args: [
        at.extent("rows"),
        pointer(op.key),
        at.stride(op.key),
        pointer(op.value),
        at.stride(op.value),
        at.feed(op.slot),
        at.feed(op.position),
        state(op.pageTable),
        i32(at.stateSize(op.pageTable)),
        state(op.keys),
        state(op.values),
        i32(columns),
      ],
      grid: ({ rows }) => [Math.ceil(columns / 128), rows],
    },
  ];
}
