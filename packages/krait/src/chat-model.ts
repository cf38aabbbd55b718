import type { ChatTemplate, Message } from "@krait/chat-template";
import type { Engine } from "@krait/engine";
import type { Architecture, MemoryPlan, Model } from "@krait/models";
import { recommendedSampling, type SamplingOptions } from "@krait/sampler";
import type { Backend } from "@krait/tensor";
import type { Tokenizer } from "@krait/tokenizer";
import type { ChatOptions, CompleteOptions } from "./chat-options.ts";
import { chatRequest, requireOneConstraint } from "./chat-prompt.ts";
import {
  type ChatSession,
  type ChatSessionHost,
  loadChatSession,
  type OpenSessionOptions,
  openChatSession,
} from "./chat-session.ts";
import { type ChatStream, chatStream } from "./chat-stream.ts";
import { ModelError } from "./errors.ts";
import type { GenerationConfig } from "./generation-config.ts";
import { requireRoom } from "./require-room.ts";
import { type RunToolsOptions, runTools, type ToolRun } from "./run-tools.ts";
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
  /**
   * Continues a text as it is, without a chat template, or token ids. What looks like a special token in the
   * text becomes one.
   */
  complete(prompt: string | readonly number[], options?: CompleteOptions): ChatStream;
  /** Answers a conversation and calls tools on the way. */
  runTools(messages: readonly Message[], options: RunToolsOptions): ToolRun;
  /**
   * Reads a conversation and keeps its states, to answer it as often as one likes.
   *
   * @throws as {@link chat}, and `SNAPSHOTS_EXHAUSTED` when other sessions hold all there may be.
   */
  openSession(messages: readonly Message[], options?: OpenSessionOptions): Promise<ChatSession>;
  /**
   * A session that was saved, here or on another backend.
   *
   * @throws {EngineError} `SESSION_INVALID` when the bytes are damaged or of another model; `PAGES_EXHAUSTED`
   *   or `SNAPSHOTS_EXHAUSTED` when there is no room for it.
   */
  loadSession(bytes: Uint8Array): ChatSession;
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

  const request = (messages: readonly Message[], options: ChatOptions) => {
    const { template, tokenizer, maxContext } = chatModel;
    const parts = { template, tokenizer, constraints, sampling: defaults.sampling, maxContext };
    return chatRequest(parts, messages, options);
  };
  const host: ChatSessionHost = { engine, request };
  const chat = (messages: readonly Message[], options: ChatOptions = {}): ChatStream =>
    chatStream(engine.generate(request(messages, options)), options.n);

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
    complete(given, { sampling, format, ...rest } = {}) {
      if (typeof given === "string") requireRoom(chatModel.tokenizer, [given], chatModel.maxContext);
      const prompt =
        typeof given === "string" ? chatModel.tokenizer.encode(given, { special: "parse" }) : given;
      const constraint = constraints.of({ format }, []);
      requireOneConstraint(constraint, rest.constraint);
      return chatStream(
        engine.generate({
          ...{ ...rest, ...(constraint && { constraint }), prompt, format: "text" },
          sampling: { ...(defaults.sampling ?? recommendedSampling("off")), ...sampling },
        }),
        rest.n,
      );
    },
    runTools: (messages, options) => runTools(chat, messages, options),
    openSession: (messages, options) => openChatSession(host, messages, options),
    loadSession: (bytes) => loadChatSession(host, bytes),
    [Symbol.asyncDispose]: () => parts.dispose(),
  };
  return chatModel;
}

function missing(model: string, file: string): never {
  throw new ModelError(
    "MODEL_FILE_MISSING",
    `${model} has no ${file}, which text and conversations need. Put the file of the published model beside the ` +
      `weights; without it the engine continues token ids.`,
    { model, file },
  );
}
