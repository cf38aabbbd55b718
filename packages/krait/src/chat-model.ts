import type { ChatTemplate, Message, RenderedPrompt } from "@krait/chat-template";
import type { Engine } from "@krait/engine";
import type { Architecture, MemoryPlan, Model } from "@krait/models";
import { recommendedSampling, type SamplingOptions } from "@krait/sampler";
import type { Backend } from "@krait/tensor";
import type { Tokenizer } from "@krait/tokenizer";
import type { ChatOptions, CompleteOptions } from "./chat-options.ts";
import { type ChatStream, chatStream } from "./chat-stream.ts";
import { ModelError } from "./errors.ts";
import type { GenerationConfig } from "./generation-config.ts";
import { type RunToolsOptions, runTools, type ToolRun } from "./run-tools.ts";
import { toolOfPrompt } from "./structured/answer-grammar.ts";
import { Constraints } from "./structured/constraints.ts";
import type { TextFiles } from "./text-files.ts";

/** A loaded model, ready to talk. */
export interface ChatModel extends AsyncDisposable {
  /** What a GGUF file calls it, or where it was loaded from. */
  readonly name: string;
  readonly architecture: Architecture;
  readonly memory: MemoryPlan;
  /** Positions of the longest conversation, its answers included, as the model was loaded. */
  readonly maxContext: number;
  readonly backend: Backend;
  readonly engine: Engine;
  /** @throws {ModelError} `MODEL_FILE_MISSING` when the folder has no tokenizer.json. */
  readonly tokenizer: Tokenizer;
  /** @throws {ModelError} `MODEL_FILE_MISSING` when the folder has no chat template. */
  readonly template: ChatTemplate;
  /** The tokens at which the model ends its turn. */
  readonly endTokens: readonly number[];
  /** What `generation_config.json` says about sampling; undefined where it says nothing. */
  readonly defaults: SamplingOptions | undefined;
  /**
   * Answers a conversation, OpenAI-style messages in, events out.
   *
   * @throws at once when messages or options are wrong; while iterating, as {@link Engine.generate}.
   */
  chat(messages: readonly Message[], options?: ChatOptions): ChatStream;
  /** Continues a text as it is, without a chat template. What looks like a special token becomes one. */
  complete(text: string, options?: CompleteOptions): ChatStream;
  /** Answers a conversation and calls tools on the way. */
  runTools(messages: readonly Message[], options: RunToolsOptions): ToolRun;
}

interface Parts {
  readonly name: string;
  /** What runs now: others take their place when the backend is lost. */
  readonly current: { readonly model: Model; readonly backend: Backend };
  readonly engine: Engine;
  readonly text: TextFiles;
  readonly defaults: GenerationConfig;
  dispose(): Promise<void>;
}

export function createChatModel(parts: Parts): ChatModel {
  const { name, current, engine, text, defaults } = parts;

  const constraints = new Constraints(() => ({
    tokenizer: chatModel.tokenizer,
    vocabularySize: chatModel.architecture.vocabularySize,
    endTokens: defaults.endTokens,
  }));

  const chat = (messages: readonly Message[], options: ChatOptions = {}): ChatStream => {
    const { reasoning, templateMode, sampling, format, toolChoice, parallelToolCalls, ...rest } = options;
    requireOneOf("reasoning", reasoning, ["on", "off"]);
    requireOneOf("templateMode", templateMode, ["robust", "faithful"]);
    // A model that does not know of the tools cannot call them.
    const tools = toolChoice === "none" ? [] : (options.tools ?? []);
    const constraint = constraints.of({ format, toolChoice, parallelToolCalls }, tools);
    requireOneConstraint(constraint, rest.constraint);
    // A budget of nothing is reasoning off, which the model has its own prompt for.
    const wanted = rest.thinking?.budget === 0 ? "off" : reasoning;
    const prompt = chatModel.template.render(messages, {
      ...(tools.length !== 0 && { tools: tools.map(toolOfPrompt) }),
      ...(wanted && { reasoning: wanted }),
      ...(templateMode && { mode: templateMode }),
      addGenerationPrompt: true,
    });
    const { ids, boundaries } = encodePrompt(chatModel.tokenizer, prompt);
    return chatStream(
      engine.generate({
        ...rest,
        ...(constraint && { constraint }),
        // In an answer of a format, the marker of a call is text like any other.
        ...(format && tools.length === 0 && { toolCallInReasoning: "literal" }),
        prompt: ids,
        format: "chat",
        reasoning: prompt.reasoning,
        snapshotAt: boundaries,
        sampling: { ...(defaults.sampling ?? recommendedSampling(prompt.reasoning)), ...sampling },
      }),
      rest.n,
    );
  };

  const chatModel: ChatModel = {
    name,
    architecture: current.model.architecture,
    maxContext: current.model.sizes.maxContext,
    get memory() {
      return current.model.memory;
    },
    get backend() {
      return current.backend;
    },
    engine,
    get tokenizer() {
      return text.tokenizer ?? missing(name, "tokenizer.json");
    },
    get template() {
      return text.template ?? missing(name, "chat template in tokenizer_config.json or chat_template.jinja");
    },
    endTokens: defaults.endTokens,
    defaults: defaults.sampling,
    chat,
    complete(text, { sampling, ...rest } = {}) {
      const prompt = chatModel.tokenizer.encode(text, { special: "parse" });
      const options = { ...(defaults.sampling ?? recommendedSampling("off")), ...sampling };
      return chatStream(engine.generate({ ...rest, prompt, format: "text", sampling: options }), rest.n);
    },
    runTools: (messages, options) => runTools(chat, messages, options),
    [Symbol.asyncDispose]: () => parts.dispose(),
  };
  return chatModel;
}

/** The prompt's ids, and the lengths in ids at which its boundaries lie. */
function encodePrompt(
  tokenizer: Tokenizer,
  { pieces, boundaries }: RenderedPrompt,
): { ids: readonly number[]; boundaries: readonly number[] } {
  const ids: number[] = [];
  const lengths = [0];
  for (const piece of pieces) {
    for (const id of tokenizer.encode([piece])) ids.push(id);
    lengths.push(ids.length);
  }
  return { ids, boundaries: boundaries.map((piece) => lengths[piece]!) };
}

function requireOneOf(option: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  throw new ModelError(
    "OPTION_INVALID",
    `${option} should be ${expected}, but is ${JSON.stringify(value)}.`,
    {
      option,
      actual: value,
    },
  );
}

function requireOneConstraint(made: unknown, given: unknown): void {
  if (made === undefined || given === undefined) return;
  throw new ModelError(
    "OPTION_INVALID",
    "constraint holds the answer by itself, so it does not go with format, toolChoice or parallelToolCalls.",
    { option: "constraint" },
  );
}

function missing(model: string, file: string): never {
  throw new ModelError("MODEL_FILE_MISSING", `${model} has no ${file}, which this needs.`, { model, file });
}
