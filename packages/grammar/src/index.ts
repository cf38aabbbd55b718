export { eitherGrammar } from "./either.ts";
export { GrammarError, type GrammarErrorCode } from "./grammar-error.ts";
export { jsonObjectGrammar, jsonSchemaGrammar } from "./json-schema/json-schema.ts";
export { type Constraint, createConstraint } from "./masks/constraint.ts";
export { TokenMasks } from "./masks/token-masks.ts";
export { createVocabulary, type Vocabulary, type VocabularyOptions } from "./masks/vocabulary.ts";
export type { Grammar } from "./text/grammar.ts";
export { choiceGrammar, regexGrammar } from "./texts.ts";
export { type ToolCallOptions, type ToolSchema, toolCallGrammar } from "./tool-calls.ts";
