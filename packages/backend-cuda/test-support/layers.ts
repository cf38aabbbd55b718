import type { Extents, Format, Operand } from "@krait/tensor";
import { type Layer, layerProgram } from "./layer-program.ts";

export interface MixerSizes {
  readonly heads: number;
  readonly headDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly kernelSize: number;
  readonly bias: boolean;
}

/** Segments of a row at most: start, count, read slot, write slot, mark row, mark slot. */
export const decodeSegments: readonly (readonly [string, readonly (readonly number[])[]])[] = [
  ["one row", [[0, 1, 2, 2, -1, -1]]],
  [
    "rows of three slots, one without rows, one of padding, a fork and a mark",
    [
      [1, 1, 4, 4, -1, -1],
      [0, 0, 1, 1, -1, -1],
      [0, 1, 0, 2, 0, 3],
      [0, 0, 0, -1, -1, -1],
    ],
  ],
];

/** The 9B's heads, and others that end within a kernel's parts. */
export const mixerSizes: readonly MixerSizes[] = [
  { heads: 2, headDim: 80, stateSize: 128, groups: 1, kernelSize: 4, bias: true },
  { heads: 3, headDim: 5, stateSize: 7, groups: 3, kernelSize: 2, bias: false },
  { heads: 2, headDim: 48, stateSize: 150, groups: 2, kernelSize: 8, bias: true },
];

/** Convolution, scan and norm as a layer has them: all of one projection, with the gate before and Δ behind. */
export function mixer(segments: readonly (readonly number[])[], sizes: MixerSizes): Layer {
  const { heads, headDim, stateSize, groups, kernelSize, bias } = sizes;
  const [width, states] = [heads * headDim, groups * stateSize];
  const channels = width + 2 * states;
  const extents: Extents = {
    rows: Math.max(...segments.map(([start]) => start!)) + 1,
    segments: segments.length,
    longestSegment: 1,
    context: 0,
    outputRows: 0,
  };
  return layerProgram(extents, (layer) => {
    const segment = layer.segments(segments);
    const [gate, mixed, dt] = layer.b.split(layer.rows(width + channels + heads), [width, channels, heads]);
    const conv = layer.b.causalConv({
      input: mixed!,
      weight: layer.weight("taps", [channels, kernelSize]),
      ...(bias && { bias: layer.weight("bias", [channels]) }),
      kernelSize,
      activation: "silu",
      segment,
      window: layer.state("window", [channels, kernelSize - 1]),
    });
    const [x, b, c] = layer.b.split(conv, [width, states, states]);
    const y = layer.b.ssmScan({
      ...{ x: x!, b: b!, c: c!, dt: dt! },
      a: layer.weight("a", [heads]),
      d: layer.weight("d", [heads]),
      dtBias: layer.weight("dtBias", [heads]),
      ...{ heads, headDim, stateSize, groups },
      chunkSize: 16,
      timeStepLimit: [0, 10],
      segment,
      recurrent: layer.state("recurrent", [heads, headDim, stateSize]),
    });
    const weight = layer.weight("norm", [width]);
    const epsilon = 1e-5;
    layer.b.output("y", layer.b.gatedGroupNorm({ input: y, gate: gate!, weight, groups, epsilon }));
  });
}

/** A residual layer: the norm is read by two products, and what it was made of by a third. */
export function residualLayer(rows: number, columns: number, format: Format): Layer {
  const extents: Extents = { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
  return layerProgram(extents, (layer) => {
    const hidden = layer.rows(columns);
    const normed = layer.b.rmsNorm(hidden, layer.weight("norm", [columns]), { epsilon: 1e-5 });
    const product = (input: Operand, name: string, outputs: number, residual?: Operand) =>
      layer.b.linear(input, layer.weight(name, [outputs, input.columns], format), residual && { residual });
    layer.b.output("up", product(normed, "up", columns + 5));
    layer.b.output("hidden", product(product(normed, "wide", 512), "down", columns, hidden));
  });
}
