import { type ConvertedTensor, ggufKeysOf } from "@krait/models";
import { type Format, isDType } from "@krait/tensor";
import { ggufKeysOfTokenizer } from "@krait/tokenizer";
import type { GgufKey, WeightFile } from "@krait/weights";
import type { ModelFiles } from "../model-files.ts";

/** `general.file_type`, as in llama.cpp's llama_ftype; what most of the values are stored as. */
const fileTypes: Partial<Readonly<Record<Format, number>>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q4_1: 3,
  q8_0: 7,
  q5_0: 8,
  q5_1: 9,
  q2_k: 10,
  q3_k: 11,
  q4_k: 14,
  q5_k: 16,
  q6_k: 18,
  iq4_nl: 25,
  bf16: 32,
  mxfp4: 38,
};

/** Of ggml's block formats as they are since 2023. */
const QUANTIZATION_VERSION = 2;

/** Keys that describe the file as it was, and not the model. */
const ofTheFile = /^(general\.(alignment|file_type|quantization_version)$|split\.)/;

interface Source {
  readonly files: ModelFiles;
  readonly file: WeightFile;
  readonly tensors: readonly ConvertedTensor[];
  readonly name: string;
}

/** The metadata of a GGUF file: those of the source if it is one, or what its files say in such keys. */
export function ggufKeys({ files, file, tensors, name }: Source): readonly GgufKey[] {
  const keys =
    file.format === "gguf" ? file.keys.filter(([key]) => !ofTheFile.test(key)) : keysOfFolder(files, name);
  const fileType = fileTypes[commonest(tensors)];
  return [
    ...keys,
    ...(fileType === undefined ? [] : [["general.file_type", "u32", fileType] satisfies GgufKey]),
    ...(tensors.some(({ format }) => !isDType(format))
      ? [["general.quantization_version", "u32", QUANTIZATION_VERSION] satisfies GgufKey]
      : []),
  ];
}

function keysOfFolder({ config, architecture, defaults, text }: ModelFiles, name: string): GgufKey[] {
  const { tokenizer, template } = text;
  const { vocabularySize } = architecture;
  const [first, ...model] = ggufKeysOf(config);
  return [
    first!,
    ["general.type", "string", "model"],
    ["general.name", "string", name],
    ...samplingKeys(defaults.sampling),
    ...model,
    ...(tokenizer === undefined
      ? [["tokenizer.ggml.model", "string", "none"] satisfies GgufKey]
      : ggufKeysOfTokenizer(tokenizer, { vocabularySize, endTokens: defaults.endTokens })),
    ...(template === undefined ? [] : [["tokenizer.chat_template", "string", template] satisfies GgufKey]),
  ];
}

function samplingKeys(sampling: ModelFiles["defaults"]["sampling"] = {}): GgufKey[] {
  const { temperature, topK, topP, minP, repetitionPenalty } = sampling;
  const given = [
    ["temp", "f32", temperature],
    ["top_k", "i32", topK],
    ["top_p", "f32", topP],
    ["min_p", "f32", minP],
    ["penalty_repeat", "f32", repetitionPenalty],
  ] as const;
  return given.flatMap(([key, type, value]): GgufKey[] =>
    value === undefined ? [] : [[`general.sampling.${key}`, type, value]],
  );
}

/** The format of the most values. */
function commonest(tensors: readonly ConvertedTensor[]): Format {
  const values = new Map<Format, number>();
  for (const { format, shape } of tensors) {
    values.set(format, (values.get(format) ?? 0) + shape.reduce((product, count) => product * count, 1));
  }
  return [...values].reduce((most, entry) => (entry[1] > most[1] ? entry : most))[0];
}
