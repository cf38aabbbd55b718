import {
  type Architecture,
  checkCheckpoint,
  deviceFormat,
  deviceFormats,
  type MatrixFormat,
  type MemoryPlan,
  type ModelConfig,
  planMemory,
  quantizedFormat,
  resolveModelOptions,
} from "@krait/models";
import {
  type Backend,
  type DType,
  elementCount,
  type Format,
  formatLayouts,
  type Program,
} from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import type { ModelFiles } from "./model-files.ts";

/** The weights of one kind: the same matrix in every layer that has it. */
export interface WeightGroup {
  /** With `*` for the layer's number. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly parameters: number;
}

/** What can be said of a model before anything is loaded. */
export interface Inspection {
  readonly name: string;
  readonly architecture: string;
  readonly summary: string;
  readonly vocabularySize: number;
  readonly maxContext: number;
  readonly parameters: number;
  readonly weightGroups: readonly WeightGroup[];
  readonly stored: {
    readonly bytes: number;
    /** As the checkpoint has them, or as the config announces them. */
    readonly formats: readonly Format[];
    readonly from: "checkpoint" | "config.json";
  };
  readonly stateBytesPerSequence: number;
  readonly kvBytesPerToken: { readonly f16: number; readonly f32: number };
  /** For one backend, and a number of sequences and of tokens. */
  readonly plan: MemoryPlan & {
    readonly backend: string;
    readonly sequences: number;
    readonly context: number;
    readonly kvDtype: DType;
  };
  readonly programs: { readonly forward: Program; readonly sample: Program };
}

export interface InspectionOptions {
  readonly backend: Pick<Backend, "name" | "kvDtype" | "weightFormats" | "weightBytes">;
  readonly maxSequences?: number | undefined;
  readonly maxContext?: number | undefined;
  /** What matrices become while they are loaded. */
  readonly quantize?: MatrixFormat | undefined;
}

/** @throws {CheckpointError} when the checkpoint does not fit its config. */
export function inspectModel(
  files: ModelFiles,
  { backend, quantize, ...options }: InspectionOptions,
): Inspection {
  const { architecture, checkpoint } = files;
  const configFormat = formatOfConfig(files.config);
  const formats = checkpoint
    ? deviceFormats(checkCheckpoint(architecture, checkpoint, backend.weightFormats, quantize))
    : announcedFormats(architecture, configFormat, backend.weightFormats, quantize);
  const plan = (kvDtype?: DType) => {
    const sizes = resolveModelOptions(architecture, backend, formats, { ...options, kvDtype });
    const programs = architecture.programs(sizes.program);
    return {
      sizes,
      programs,
      memory: planMemory(architecture, programs, sizes.largest, (spec) => backend.weightBytes(spec)),
    };
  };
  const { sizes, programs, memory } = plan();
  return {
    name: files.name,
    architecture: architecture.name,
    summary: architecture.summary,
    vocabularySize: architecture.vocabularySize,
    maxContext: architecture.maxContext,
    parameters: memory.parameters,
    weightGroups: groupWeights(architecture),
    stored: checkpoint
      ? storedIn(architecture, checkpoint)
      : { bytes: memory.parameters * bytesOf(configFormat), formats: [configFormat], from: "config.json" },
    stateBytesPerSequence: memory.stateBytesPerSequence,
    kvBytesPerToken: {
      f16: plan("f16").memory.kvBytesPerToken,
      f32: plan("f32").memory.kvBytesPerToken,
    },
    plan: {
      ...memory,
      backend: backend.name,
      sequences: sizes.program.maxSlots,
      context: sizes.program.maxContext,
      kvDtype: sizes.program.kvDtype,
    },
    programs,
  };
}

const torchDtypes: Readonly<Record<string, Format>> = { bfloat16: "bf16", float16: "f16", float32: "f32" };

/** transformers 5 writes `dtype` where older versions write `torch_dtype`; models of this family are bf16. */
function formatOfConfig({ dtype, torch_dtype }: ModelConfig): Format {
  return torchDtypes[String(dtype ?? torch_dtype)] ?? "bf16";
}

function announcedFormats(
  architecture: Architecture,
  format: Format,
  weightFormats: readonly Format[],
  quantize: MatrixFormat | undefined,
): Record<string, Format> {
  const formats = architecture.weights.map((entry) => {
    const wanted = quantize === undefined ? format : quantizedFormat(architecture, entry, format, quantize);
    return [entry.name, deviceFormat(entry.kind, wanted, weightFormats)];
  });
  return Object.fromEntries(formats);
}

function storedIn({ weights }: Architecture, checkpoint: WeightFile): Inspection["stored"] {
  const tensors = weights.map(({ checkpointName }) => checkpoint.tensors.get(checkpointName)!);
  return {
    bytes: tensors.reduce((total, { byteLength }) => total + byteLength, 0),
    formats: [...new Set(tensors.map(({ spec }) => spec!.format))],
    from: "checkpoint",
  };
}

function groupWeights({ weights }: Architecture): WeightGroup[] {
  const groups = new Map<string, WeightGroup>();
  for (const { name, shape } of weights) {
    const group = name.replace(/^layers\.\d+\./, "layers.*.");
    const before = groups.get(group) ?? { count: 0, parameters: 0 };
    groups.set(group, {
      name: group,
      shape,
      count: before.count + 1,
      parameters: before.parameters + elementCount(shape),
    });
  }
  return [...groups.values()];
}

function bytesOf(format: Format): number {
  const { bytesPerBlock, valuesPerBlock } = formatLayouts[format];
  return bytesPerBlock / valuesPerBlock;
}
