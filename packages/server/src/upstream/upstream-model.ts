import type { ChatTemplate } from "@krait/chat-template";
import { recommendedSampling } from "@krait/sampler";
import type { Tokenizer } from "@krait/tokenizer";
import { toolOfPrompt } from "krait";
import { definedOnly } from "../defined-only.ts";
import type {
  ServedChatRequest,
  ServedModel,
  ServedSampling,
  ServedTextRequest,
} from "../model/served-model.ts";
import { servedText } from "../model/served-text.ts";
import { UpstreamAnswer, type UpstreamParts } from "./upstream-answer.ts";
import type { UpstreamError } from "./upstream-error.ts";
import { UpstreamPool } from "./upstream-pool.ts";

export interface UpstreamModelOptions {
  /** By which requests name the model here. */
  readonly id: string;
  /** Servers that speak OpenAI's API, as `http://host:8000`; one at least. */
  readonly urls: readonly string[];
  /** Of the same model as the upstreams have: prompts are made and answers taken apart here. */
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** By which the upstreams know the model; `id` unless given. */
  readonly model?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Tokens of prompt and answer together; what the upstreams say of themselves unless given. */
  readonly contextLength?: number | undefined;
  /**
   * Prompts as token ids, so that what a user writes never becomes a special token (the default), or as text
   * for servers that take no ids.
   */
  readonly promptAs?: "tokens" | "text" | undefined;
  /** Between two looks at each upstream's health; 10 unless given. */
  readonly healthSeconds?: number | undefined;
  /** How many requests more than the least loaded an upstream may have and still get those of its prefix; 4 unless given. */
  readonly affinitySlack?: number | undefined;
  /**
   * How long an upstream may say nothing, before its first byte and between two; then another is asked. 120
   * unless given.
   */
  readonly silenceSeconds?: number | undefined;
  /** Told when an upstream is taken out, and why, and without an error when it is back. Silent unless given. */
  readonly onTrouble?: ((url: string, error: UpstreamError | undefined) => void) | undefined;
  /** Another than the platform's, for tests and proxies. */
  readonly fetch?: typeof fetch | undefined;
}

/** A model that other servers compute. */
export interface UpstreamModel extends ServedModel, Disposable {
  readonly pool: UpstreamPool;
}

/** So much of a prompt decides which upstream gets it: the system prompt and the tools, above all. */
const PREFIX_CHARACTERS = 2000;

/**
 * A model whose tokens come from one or several OpenAI-compatible servers, with Krait's template, reasoning
 * budget and tool parsing in front: they are asked for raw completions only.
 *
 * @throws {TypeError} for no URLs, what is none, or a time that is none.
 */
export function createUpstreamModel(options: UpstreamModelOptions): UpstreamModel {
  const { id, tokenizer, template, urls, onTrouble, healthSeconds = 10, affinitySlack = 4 } = options;
  const fetch = options.fetch ?? globalThis.fetch;
  const pool = new UpstreamPool({ urls, fetch, healthSeconds, affinitySlack, onTrouble });
  const parts: UpstreamParts = {
    ...{ pool, tokenizer, template, fetch },
    apiKey: options.apiKey,
    model: options.model ?? id,
    contextLength: options.contextLength,
    promptAs: options.promptAs ?? "tokens",
    silenceSeconds: silenceOf(options),
  };
  const text = servedText(tokenizer, template);
  return {
    id,
    pool,
    text,
    created: Math.floor(Date.now() / 1000),
    contextLength: options.contextLength,
    supports: { structuredOutput: false, toolChoice: false, logprobs: false },
    chat: (request) => chat(parts, request),
    complete: (request) => complete(parts, request),
    state: () => (pool.upstreams.some(({ isHealthy }) => isHealthy) ? "ready" : "recovering"),
    stats: () => ({
      upstreams: pool.upstreams.length,
      upstreams_healthy: pool.upstreams.filter(({ isHealthy }) => isHealthy).length,
      upstreams_running: pool.upstreams.reduce((sum, { running }) => sum + running, 0),
    }),
    [Symbol.dispose]: () => pool[Symbol.dispose](),
  };
}

function silenceOf({ silenceSeconds = 120 }: UpstreamModelOptions): number {
  if (silenceSeconds > 0) return silenceSeconds;
  throw new TypeError(`silenceSeconds should be a number above 0, but is ${silenceSeconds}.`);
}

function chat(parts: UpstreamParts, request: ServedChatRequest) {
  const { messages, tools, toolChoice, thinking } = request;
  const wanted = thinking?.budget === 0 ? "off" : request.reasoning;
  const prompt = parts.template.render(messages, {
    ...(tools.length > 0 && toolChoice !== "none" && { tools: tools.map(toolOfPrompt) }),
    ...(wanted && { reasoning: wanted }),
    addGenerationPrompt: true,
  });
  return new UpstreamAnswer(parts, {
    ...{ thinking, text: prompt.text, reasoning: prompt.reasoning, format: "chat" },
    tokens: parts.tokenizer.encode(prompt.pieces),
    prefix: prompt.text.slice(0, PREFIX_CHARACTERS),
    stops: request.stop ?? [],
    maxTokens: request.maxTokens,
    sampling: samplingBody({ ...recommended(prompt.reasoning), ...definedOnly(request.sampling) }),
    signal: request.signal,
  }).events();
}

function complete(parts: UpstreamParts, { prompt, ...request }: ServedTextRequest) {
  const isText = typeof prompt === "string";
  const text = isText ? prompt : parts.tokenizer.decode(prompt);
  return new UpstreamAnswer(parts, {
    ...{ text, reasoning: "off", format: "text", thinking: undefined },
    tokens: isText ? parts.tokenizer.encode(prompt, { special: "parse" }) : prompt,
    prefix: text.slice(0, PREFIX_CHARACTERS),
    stops: request.stop ?? [],
    maxTokens: request.maxTokens,
    sampling: samplingBody(request.sampling),
    signal: request.signal,
  }).events();
}

/** What the model card recommends. */
function recommended(reasoning: "on" | "off"): ServedSampling {
  const { temperature, topP } = recommendedSampling(reasoning);
  return { temperature, topP };
}

/** Sampling in the names of OpenAI's API, and of what vLLM and SGLang added to it. */
function samplingBody(sampling: ServedSampling): Readonly<Record<string, unknown>> {
  return definedOnly({
    temperature: sampling.temperature,
    top_k: sampling.topK || undefined,
    top_p: sampling.topP,
    min_p: sampling.minP,
    repetition_penalty: sampling.repetitionPenalty,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias && Object.fromEntries(sampling.logitBias),
    seed: sampling.seed,
  });
}
