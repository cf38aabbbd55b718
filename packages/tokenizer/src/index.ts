export { byteLevelAlphabet } from "./byte-level.ts";
export { tokenizerFilesOfGguf } from "./gguf.ts";
export type { PromptPiece } from "./prompt-piece.ts";
export type { TextStream } from "./text-stream.ts";
export type { DecodeOptions, EncodeOptions, Tokenizer } from "./tokenizer.ts";
export { createTokenizer } from "./tokenizer.ts";
export type { TokenizerErrorCode } from "./tokenizer-error.ts";
export { TokenizerError } from "./tokenizer-error.ts";
export type { TokenizerFiles } from "./tokenizer-files.ts";
