import type { ChatTemplate, Message, RenderedPrompt } from "@krait/chat-template";
import type { GenerateRequest } from "@krait/engine";
import { recommendedSampling, type SamplingOptions } from "@krait/sampler";
import type { Tokenizer } from "@krait/tokenizer";
import type { ChatOptions } from "./chat-options.ts";
import { checkChatOptions } from "./check-options.ts";
import { ModelError } from "./errors.ts";
import { requireRoom, requireRoomForMessages } from "./require-room.ts";
import { toolOfPrompt } from "./structured/answer-grammar.ts";
import type { Constraints } from "./structured/constraints.ts";

/** What turns a conversation into what the engine is asked. */
export interface ChatPromptParts {
  readonly template: ChatTemplate;
  readonly tokenizer: Tokenizer;
  readonly constraints: Constraints;
  /** How to sample where nobody says it; as the model card has it unless given. */
  readonly sampling: SamplingOptions | undefined;
  /** Tokens of prompt and answer together. */
  readonly maxContext: number;
}

/** @throws what the template and the schemas say of messages and options that are wrong. */
export function chatRequest(
  { template, tokenizer, constraints, sampling: defaults, maxContext }: ChatPromptParts,
  messages: readonly Message[],
  options: ChatOptions,
): GenerateRequest {
  checkChatOptions(options);
  const { reasoning, templateMode, sampling, format, ...others } = options;
  const { toolChoice, allowedTools, parallelToolCalls, ...rest } = others;
  // A model that does not know of the tools cannot call them.
  const tools = toolChoice === "none" ? [] : (options.tools ?? []);
  // A budget of nothing is reasoning off, which the model has its own prompt for.
  const wanted = rest.thinking?.budget === 0 ? "off" : reasoning;
  requireRoomForMessages(messages, maxContext);
  const prompt = template.render(messages, {
    ...(tools.length !== 0 && { tools: tools.map(toolOfPrompt) }),
    ...(wanted && { reasoning: wanted }),
    ...(templateMode && { mode: templateMode }),
    addGenerationPrompt: true,
  });
  requireRoom(tokenizer, textsOf(prompt), maxContext);
  const structure = { format, toolChoice, allowedTools, parallelToolCalls };
  const mustCall = toolChoice === "required" || typeof toolChoice === "object";
  // A call that has to come comes behind any text.
  const constraint = constraints.of(structure, tools, mustCall ? "" : startOfAnswer(messages));
  requireOneConstraint(constraint, rest.constraint);
  const { ids, boundaries } = encodePrompt(tokenizer, prompt);
  return {
    ...rest,
    ...(constraint && { constraint }),
    // In an answer of a format, the marker of a call is text like any other.
    ...(format && tools.length === 0 && { toolCallInReasoning: "literal" }),
    prompt: ids,
    format: "chat",
    reasoning: prompt.reasoning,
    snapshotAt: boundaries,
    sampling: { ...(defaults ?? recommendedSampling(prompt.reasoning)), ...sampling },
  };
}

/** What a last message of the assistant has of the answer: what is not reasoning. */
function startOfAnswer(messages: readonly Message[]): string {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || last.tool_calls?.length) return "";
  const { content } = last;
  const text = typeof content === "string" ? content : (content ?? []).map((part) => part.text).join("\n");
  const afterReasoning = text.split("</think>");
  return afterReasoning.length === 1 && text.includes("<think>") ? "" : afterReasoning.at(-1)!.trim();
}

function textsOf({ pieces }: RenderedPrompt): string[] {
  return pieces.flatMap((piece) => ("text" in piece ? [piece.text] : []));
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

export function requireOneConstraint(made: unknown, given: unknown): void {
  if (made === undefined || given === undefined) return;
  throw new ModelError(
    "OPTION_INVALID",
    "constraint holds the answer by itself, so it does not go with format, toolChoice, allowedTools or parallelToolCalls.",
    { option: "constraint" },
  );
}
