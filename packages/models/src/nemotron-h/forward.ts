import {
  buildProgram,
  type Operand,
  PAGE_SIZE,
  type Program,
  SEGMENT_COLUMNS,
  type WeightRef,
} from "@krait/tensor";
import type { ProgramOptions, WeightEntry } from "../architecture.ts";
import type { NemotronHConfig } from "./config.ts";
import { inProjectionColumns } from "./weights.ts";

/**
 * One step of Nemotron-H: tokens in, logits out. A stack of pre-norm residual layers, each of one
 * kind, with no positional encoding anywhere.
 *
 *   h = embeddings[token];   h = h + mixer(rmsNorm(h)) for each layer;   logits = head · rmsNorm(h)
 *
 * NVIDIA 2025, arXiv:2504.03624 (Nemotron-H) and arXiv:2508.14444 (Nano 9B v2).
 */
export function nemotronHForward(
  config: NemotronHConfig,
  entries: readonly WeightEntry[],
  options: ProgramOptions,
): Program {
  const { heads, keyValueHeads, headDim, epsilon, groups } = config;
  const { stateDtype, kvDtype, maxSlots, maxPages, maxContext } = options;
  return buildProgram("forward", (b) => {
    const weights = new Map<string, WeightRef>();
    for (const { name, shape } of entries) {
      weights.set(name, b.weight(name, { shape, format: options.formats[name] ?? "f32" }));
    }
    const weight = (name: string): WeightRef => weights.get(name)!;

    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const segment = b.feed("segment", { shape: ["segments", SEGMENT_COLUMNS], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken: b.state("lastToken", { per: "slot", count: maxSlots, shape: [1], dtype: "i32" }),
    });
    b.countTokens({
      token,
      generated: b.feed("generated", { shape: ["rows"], dtype: "i32" }),
      segment,
      count: b.state("tokenCount", {
        per: "slot",
        count: maxSlots,
        shape: [config.vocabularySize],
        dtype: "i32",
      }),
    });
    const paged = config.pattern.includes("*")
      ? {
          slot,
          position: b.feed("position", { shape: ["rows"], dtype: "i32" }),
          pageTable: b.state("pageTable", {
            per: "slot",
            count: maxSlots,
            shape: [Math.ceil(maxContext / PAGE_SIZE)],
            dtype: "i32",
          }),
        }
      : undefined;

    const linear = (
      input: Operand,
      name: string,
      extra: { activation?: "relu2"; residual?: Operand } = {},
    ): Operand => b.linear(input, weight(name), { bias: weights.get(`${name}.bias`), ...extra });

    const mamba = (x: Operand, layer: string, residual: Operand): Operand => {
      const [inner, xColumns, bColumns, cColumns, dtColumns] = inProjectionColumns(config);
      const projected = linear(x, `${layer}.inProjection`);
      const [gate, mixed, dt] = b.split(projected, [inner, xColumns + bColumns + cColumns, dtColumns]);
      const conv = b.causalConv({
        input: mixed!,
        weight: weight(`${layer}.conv`),
        ...(config.convBias && { bias: weight(`${layer}.convBias`) }),
        kernelSize: config.convKernelSize,
        activation: "silu",
        segment,
        window: b.state(`${layer}.window`, {
          per: "slot",
          count: maxSlots,
          shape: [mixed!.columns, config.convKernelSize - 1],
          dtype: stateDtype,
        }),
      });
      const [convX, convB, convC] = b.split(conv, [xColumns, bColumns, cColumns]);
      const y = b.ssmScan({
        x: convX!,
        b: convB!,
        c: convC!,
        dt: dt!,
        a: weight(`${layer}.a`),
        d: weight(`${layer}.d`),
        dtBias: weight(`${layer}.dtBias`),
        heads: config.mambaHeads,
        headDim: config.mambaHeadDim,
        stateSize: config.stateSize,
        groups,
        chunkSize: config.chunkSize,
        timeStepLimit: config.timeStepLimit,
        segment,
        recurrent: b.state(`${layer}.recurrent`, {
          per: "slot",
          count: maxSlots,
          shape: [config.mambaHeads, config.mambaHeadDim, config.stateSize],
          dtype: stateDtype,
        }),
      });
      const gated = b.gatedGroupNorm({
        input: y,
        gate: gate!,
        weight: weight(`${layer}.gatedNorm`),
        groups,
        epsilon,
      });
      return linear(gated, `${layer}.outProjection`, { residual });
    };

    const mlp = (x: Operand, layer: string, residual: Operand): Operand =>
      linear(linear(x, `${layer}.up`, { activation: "relu2" }), `${layer}.down`, { residual });

    const attention = (x: Operand, layer: string, residual: Operand): Operand => {
      const state = (name: string) =>
        b.state(`${layer}.${name}`, {
          per: "page",
          count: maxPages,
          shape: [keyValueHeads, headDim],
          dtype: kvDtype,
        });
      const cache = { ...paged!, keyValueHeads, headDim, keys: state("keys"), values: state("values") };
      const query = linear(x, `${layer}.query`);
      b.writeKv({ key: linear(x, `${layer}.key`), value: linear(x, `${layer}.value`), ...cache });
      const scale = 1 / Math.sqrt(headDim);
      return linear(b.attention({ query, heads, scale, ...cache }), `${layer}.output`, { residual });
    };

    const mixers = { M: mamba, "-": mlp, "*": attention };
    let hidden = b.embed(token, weight("embeddings"));
    for (const [index, kind] of config.pattern.entries()) {
      const layer = `layers.${index}`;
      hidden = b.scope(layer, () =>
        mixers[kind](b.rmsNorm(hidden, weight(`${layer}.norm`), { epsilon }), layer, hidden),
      );
    }
    const outputs = b.gatherRows(hidden, b.feed("outputRow", { shape: ["outputRows"], dtype: "i32" }));
    const normalized = b.rmsNorm(outputs, weight("finalNorm"), { epsilon });
    b.output("logits", b.linear(normalized, weight(config.tiedHead ? "embeddings" : "head")));
  });
}
