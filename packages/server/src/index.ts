export { loadModel } from "krait";
export { AccessKeys } from "./access/access-keys.ts";
export type { AccessKey } from "./access/keys.ts";
export { costOf, type Ledger, type LedgerEntry, type Price } from "./accounting/ledger.ts";
export { createHandler, type Handler } from "./handler.ts";
export type { HandlerOptions } from "./handler-options.ts";
export { type ServeModelOptions, serveModel } from "./model/serve-model.ts";
export type {
  ConversationToRender,
  RenderedConversation,
  ResponseFormat,
  ServedChatRequest,
  ServedEvent,
  ServedModel,
  ServedSampling,
  ServedState,
  ServedStream,
  ServedSupport,
  ServedText,
  ServedTextRequest,
  ServedUsage,
  TokenLikelihood,
  TokenProbability,
  ToolChoice,
} from "./model/served-model.ts";
export { UpstreamError } from "./upstream/upstream-error.ts";
export {
  createUpstreamModel,
  type UpstreamModel,
  type UpstreamModelOptions,
} from "./upstream/upstream-model.ts";
export type { Upstream, UpstreamPool } from "./upstream/upstream-pool.ts";
