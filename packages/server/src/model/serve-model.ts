import type { ChatModel, ChatStream, GenerateEvent } from "krait";
import { definedOnly } from "../defined-only.ts";
import type {
  ServedChatRequest,
  ServedEvent,
  ServedModel,
  ServedSampling,
  ServedTextRequest,
  TokenLikelihood,
  TokenProbability,
} from "./served-model.ts";
import { servedText } from "./served-text.ts";

export interface ServeModelOptions {
  /** By which requests name it; the last part of the model's own name unless given. */
  readonly id?: string | undefined;
  /** Tokens of prompt and answer together; what the model was trained for unless given. */
  readonly contextLength?: number | undefined;
}

/** A loaded model as the server takes it. It stays the caller's to dispose of. */
export function serveModel(model: ChatModel, options: ServeModelOptions = {}): ServedModel {
  const { id = lastPart(model.name), contextLength = model.architecture.maxContext } = options;
  const { tokenizer } = model;
  return {
    id,
    created: Math.floor(Date.now() / 1000),
    contextLength,
    supports: {
      ...{ structuredOutput: true, toolChoice: true, logprobs: true },
      choices: model.engine.stats.slots.total,
    },
    chat: (request) => served(model, chat(model, request)),
    complete: (request) => served(model, complete(model, request)),
    text: servedText(tokenizer, model.template),
    state() {
      const { state } = model.engine.stats;
      return state === "disposed" ? "lost" : state;
    },
    stats() {
      const { slots, pages, ...counted } = model.engine.stats;
      const free = { slotsFree: slots.free, pagesFree: pages.free };
      return numbersIn({ ...counted, slots: slots.total, pages: pages.total, ...free });
    },
  };
}

function chat(model: ChatModel, request: ServedChatRequest): ChatStream {
  const { messages, tools, responseFormat, sampling, ...rest } = request;
  const { toolChoice, allowedTools, parallelToolCalls, ...others } = rest;
  const { reasoning, thinking, maxTokens, stop, signal, n } = others;
  return model.chat(messages, {
    ...(tools.length > 0 && { tools, toolChoice, allowedTools, parallelToolCalls }),
    ...(responseFormat.type !== "text" && { format: responseFormat }),
    ...{ reasoning, thinking, maxTokens, stop, signal, n },
    sampling: samplingOptions(sampling),
  });
}

function complete(model: ChatModel, request: ServedTextRequest): ChatStream {
  const { prompt, sampling, responseFormat, ...rest } = request;
  return model.complete(prompt, {
    ...rest,
    ...(responseFormat.type !== "text" && { format: responseFormat }),
    sampling: samplingOptions(sampling),
  });
}

/** Events with texts where the engine has token ids, and without what no API shows. */
async function* served(
  model: ChatModel,
  stream: AsyncIterable<GenerateEvent>,
): AsyncGenerator<ServedEvent, void, undefined> {
  const ends = new Set(model.endTokens);
  for await (const event of stream) {
    const shown = servedEvent(model, ends, event);
    if (shown === undefined) continue;
    yield event.choice === undefined ? shown : { ...shown, choice: event.choice };
  }
}

function servedEvent(
  model: ChatModel,
  ends: ReadonlySet<number>,
  event: GenerateEvent,
): ServedEvent | undefined {
  switch (event.type) {
    case "prefill":
      return { type: "prefill", totalTokens: event.totalTokens };
    case "token": {
      const { token, reasoning, logprob, top = [] } = event;
      if (logprob === undefined || reasoning || ends.has(token)) return { type: "token", reasoning };
      return { type: "token", reasoning, ...likelihood(model, { token, logprob, top }) };
    }
    case "prompt-logprobs": {
      const { type, position, tokens } = event;
      return { type, position, tokens: tokens.map((token) => likelihood(model, token)) };
    }
    case "finish": {
      const { finishReason, reasoningEnd, stop, usage } = event;
      // Whatever else cuts an answer short is, to a client of these APIs, an answer that was cut short.
      const reason = finishReason === "stop" || finishReason === "tool-calls" ? finishReason : "length";
      return { type: "finish", finishReason: reason, reasoningEnd, stop, usage };
    }
    case "reasoning-delta":
    case "text-delta":
    case "tool-call-start":
    case "tool-call-delta":
    case "tool-call-end":
    case "tool-call-abort":
      return event;
    default:
      return undefined;
  }
}

interface ScoredToken {
  readonly token: number;
  readonly logprob: number;
}

function likelihood(
  { tokenizer }: ChatModel,
  { top, ...token }: ScoredToken & { readonly top: readonly ScoredToken[] },
): TokenLikelihood {
  const probability = ({ token, logprob }: ScoredToken): TokenProbability => ({
    text: tokenizer.tokenText(token),
    bytes: tokenizer.tokenBytes(token),
    logprob,
  });
  return { chosen: probability(token), top: top.map(probability) };
}

function samplingOptions(sampling: ServedSampling): DefinedSampling {
  return definedOnly(sampling) as DefinedSampling;
}

type DefinedSampling = NonNullable<NonNullable<Parameters<ChatModel["chat"]>[1]>["sampling"]>;

/** `/models/nano/` and `org/nano` → `nano`. */
function lastPart(name: string): string {
  return name.split("/").filter(Boolean).at(-1) ?? name;
}

/** `{ slots: { free: 3 } }` → `{ slots_free: 3 }`. */
function numbersIn(values: object, prefix = ""): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, value] of Object.entries(values)) {
    const name = prefix + key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (typeof value === "number") found[name] = value;
    else if (typeof value === "object" && value !== null) Object.assign(found, numbersIn(value, `${name}_`));
  }
  return found;
}
