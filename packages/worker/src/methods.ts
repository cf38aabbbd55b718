import type { GenerateEvent } from "@krait/engine";
import type { ChatModel, ChatStream } from "krait";
import type { HeldSessions } from "./held-sessions.ts";
import type { Method, Methods, ModelInfo } from "./protocol.ts";
import { stepTimes } from "./step-times.ts";

/** What a request gets beside its arguments. */
export interface RequestContext {
  readonly signal: AbortSignal;
  /** Those of the connection that asks. */
  readonly sessions: HeldSessions;
  readonly onEvent: (event: GenerateEvent) => void;
  /** Told of the stream, once there is one, so that its reasoning can be ended. */
  readonly onStream: (stream: ChatStream) => void;
}

/** What can be asked of a loaded model; loading and letting go of it is the connection's business. */
export type ModelMethod = Exclude<Method, "load" | "dispose">;

type Handler<M extends ModelMethod> = (
  model: ChatModel,
  context: RequestContext,
  ...args: Parameters<Methods[M]>
) => ReturnType<Methods[M]> | Promise<ReturnType<Methods[M]>>;

export const methods: { readonly [M in ModelMethod]: Handler<M> } = {
  chat: (model, context, messages, options) =>
    forward(model.chat(messages as never, { ...options, signal: context.signal }), context),
  complete: (model, context, text, options) =>
    forward(model.complete(text, { ...options, signal: context.signal }), context),
  openSession: async (model, { sessions, signal }, messages, options) =>
    sessions.hold(await model.openSession(messages as never, { ...options, signal }), signal),
  loadSession: (model, { sessions, signal }, bytes) => sessions.hold(model.loadSession(bytes), signal),
  chatSession: (_, context, { id, more }, options) =>
    forward(context.sessions.at(id).chat(more as never, { ...options, signal: context.signal }), context),
  extendSession: async (_, { sessions, signal }, { id, more }) =>
    sessions.hold(await sessions.at(id).extend(more as never, { signal }), signal),
  forkSession: (_, { sessions, signal }, id) => sessions.hold(sessions.at(id).fork(), signal),
  saveSession: (_, { sessions }, id) => sessions.at(id).save(),
  closeSession: (_, { sessions }, id) => sessions.close(id),
  tokenize: (model, _, text, options) => model.tokenizer.encode(text, options),
  tokenTexts: (model, _, ids) => ids.map((id) => model.tokenizer.tokenText(id)),
  countTokens(model, _, messages, { tools, reasoning, templateMode }: PromptOptions) {
    const prompt = model.template.render(
      messages as never,
      {
        ...(tools && tools.length > 0 && { tools }),
        ...(reasoning && { reasoning }),
        ...(templateMode && { mode: templateMode }),
        addGenerationPrompt: true,
      } as never,
    );
    return model.tokenizer.encode(prompt.pieces).length;
  },
  stats({ engine }) {
    const { freeSlots, freePages } = engine.pool;
    return { ...engine.stats, freeSlots, freePages };
  },
  stepTimes: ({ backend }, { signal }) => stepTimes(backend, signal),
};

interface PromptOptions {
  readonly tools?: readonly unknown[];
  readonly reasoning?: string;
  readonly templateMode?: string;
}

/** What is told of a model when it has been loaded. */
export function infoOf(model: ChatModel): ModelInfo {
  const { name, architecture, memory, maxContext, backend, endTokens, defaults } = model;
  const { software, synchronous, kvDtype, limits } = backend;
  return {
    name,
    architecture: {
      name: architecture.name,
      vocabularySize: architecture.vocabularySize,
      maxContext: architecture.maxContext,
      summary: architecture.summary,
    },
    memory,
    maxContext,
    backend: { name: backend.name, software, synchronous, kvDtype, limits },
    endTokens,
    defaults,
  };
}

async function forward(stream: ChatStream, { onEvent, onStream }: RequestContext): Promise<void> {
  onStream(stream);
  for await (const event of stream) onEvent(event);
}
