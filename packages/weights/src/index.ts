export { parseConfigJson } from "./json/config-json.ts";
export { type ModelFolder, type OpenOptions, openModelFolder, type ReadOptions } from "./model-folder.ts";
export { openWeights } from "./open-weights.ts";
export type { SafetensorsDType } from "./safetensors/dtype.ts";
export { encodeSafetensors, type TensorToWrite } from "./safetensors/encode.ts";
export { type WriteOptions, writeSafetensorsFile } from "./safetensors/write-file.ts";
export type { ModelLocation } from "./storage/locate.ts";
export { WeightError, type WeightErrorCode } from "./weight-error.ts";
export type { StoredTensor, WeightFile } from "./weight-file.ts";
