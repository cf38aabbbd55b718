import { type Attention, type DType, PAGE_SIZE, type WriteKv } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, readState, step, write } from "../launch.ts";
import { type StateParts, stateParts } from "../state-parts.ts";
import attentionSource from "./attention.wgsl";
import mergeSource from "./attention-merge.wgsl";
import narrowBf16 from "./narrow-bf16.wgsl";
import narrowF16 from "./narrow-f16.wgsl";
import pagesBf16 from "./pages-bf16.wgsl";
import pagesF16 from "./pages-f16.wgsl";
import pagesF32 from "./pages-f32.wgsl";
import storeF32 from "./store-f32.wgsl";
import storeHalves from "./store-halves.wgsl";
import writeKvSource from "./write-kv.wgsl";

/** Positions that one workgroup takes where a context is split; whole pages. */
const SPLIT_POSITIONS = 512;

/** Up to so many rows there are too few workgroups to fill a GPU, and contexts are split. */
const FEW_ROWS = 16;

const storeSources: { readonly [dtype in DType]?: string } = {
  f32: storeF32,
  f16: `${narrowF16}\n${storeHalves}`,
  bf16: `${narrowBf16}\n${storeHalves}`,
};

const pageSources: { readonly [dtype in DType]?: string } = {
  f32: pagesF32,
  f16: pagesF16,
  bf16: pagesBf16,
};

/** One invocation for each column of a row. */
export function writeKv(op: WriteKv, at: CompileContext): Launch[] {
  const columns = op.keyValueHeads * op.headDim;
  const dtype = at.stateDtype(op.keys);
  const pages = pageParts(op, at, "write", dtype === "f32" ? "f32" : "atomic<u32>");
  return [
    {
      source: [pages.source, storeSources[dtype], writeKvSource].join("\n"),
      entryPoint: "write_kv",
      constants: {
        SLOT: at.feed(op.slot),
        POSITION: at.feed(op.position),
        MAX_PAGES: at.stateSize(op.pageTable),
        COLUMNS: columns,
        ...at.view("KEY", op.key),
        ...at.view("VALUE", op.value),
      },
      bindings: [step, read(op.key), read(op.value), readState(op.pageTable), ...pages.bindings],
      workgroups: ({ rows }) => [Math.ceil(columns / 64), rows],
    },
  ];
}

/** One workgroup for each head of a row, or, where rows are few and the context long, for each part of it. */
export function attention(op: Attention, at: CompileContext): Launch[] {
  const { heads, headDim } = op;
  const splitsOf = (context: number): number => Math.ceil(context / SPLIT_POSITIONS);
  const isSplit = ({ rows, context }: { rows: number; context: number }): boolean =>
    rows <= FEW_ROWS && context > SPLIT_POSITIONS;

  const pages = pageParts(op, at, "read", "u32");

  const kernel = (split: boolean, output: Binding): Launch => ({
    source: [
      `const CHANNELS_PER_LANE: u32 = ${Math.ceil(headDim / 64)};`,
      pageSources[at.stateDtype(op.keys)],
      pages.source,
      attentionSource,
    ].join("\n"),
    entryPoint: "attention",
    constants: {
      SLOT: at.feed(op.slot),
      POSITION: at.feed(op.position),
      MAX_PAGES: at.stateSize(op.pageTable),
      HEADS: heads,
      HEADS_PER_KEY: heads / op.keyValueHeads,
      HEAD_DIM: headDim,
      SCALE: op.scale,
      SPLIT_PAGES: split ? SPLIT_POSITIONS / PAGE_SIZE : at.stateSize(op.pageTable),
      IS_SPLIT: Number(split),
      ...at.view("QUERY", op.query),
      ...(!split && at.view("OUTPUT", op.output)),
    },
    bindings: [step, read(op.query), readState(op.pageTable), output, ...pages.bindings],
    workgroups: (extents) =>
      isSplit(extents) === split ? [heads, extents.rows, split ? splitsOf(extents.context) : 1] : [0],
  });

  const whole = kernel(false, write(op.output));
  if (at.largest.context <= SPLIT_POSITIONS) return [whole];

  const partialRows = Math.min(FEW_ROWS, at.largest.rows);
  const bytes = 4 * partialRows * heads * splitsOf(at.largest.context) * (headDim + 2);
  const partials = (access: "read" | "write"): Binding => ({ kind: "workspace", bytes, access });
  const merge: Launch = {
    source: mergeSource,
    entryPoint: "attention_merge",
    constants: {
      HEADS: heads,
      HEAD_DIM: headDim,
      SPLIT_POSITIONS,
      CONTEXT_AT: at.layout.extent("context"),
      SLOT: at.feed(op.slot),
      ...at.view("OUTPUT", op.output),
    },
    bindings: [step, partials("read"), write(op.output)],
    workgroups: (extents) => (isSplit(extents) ? [heads, extents.rows] : [0]),
  };
  return [whole, kernel(true, partials("write")), merge];
}

/** Keys and values, behind the four other bindings of their kernels. */
function pageParts(
  { keys, values }: Pick<Attention, "keys" | "values">,
  at: CompileContext,
  access: "read" | "write",
  type: "f32" | "u32" | "atomic<u32>",
): StateParts {
  const own = stateParts(keys, at, { name: "keys", access, type, firstBinding: 4 });
  const firstBinding = 4 + own.bindings.length;
  const others = stateParts(values, at, { name: "values", access, type, firstBinding });
  return {
    source: [own.source, others.source].join("\n"),
    bindings: [...own.bindings, ...others.bindings],
  };
}
