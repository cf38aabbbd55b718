import type { Capabilities } from "./capabilities.ts";
import { ChatTemplateError } from "./chat-template-error.ts";
import type { Program } from "./program.ts";
import { cutIntoPieces, type PromptPiece } from "./prompt-pieces.ts";
import { leavesReasoningOpen, type Reasoning } from "./reasoning.ts";
import { type Conversation, type RenderingOptions, renderOnce } from "./renderer.ts";
import type { Turn } from "./repairs.ts";
import {
  losesLastMessage,
  markReplyStart,
  replyStartClosesReasoning,
  replyStartOf,
  roleOf,
  turnsBeforeReply,
} from "./reply-start.ts";
import { toRuntimeValue } from "./runtime-values.ts";
import type { SpecialText } from "./special-text.ts";
import { StandIns } from "./stand-ins.ts";
import { hideTraps, switchReasoning } from "./turn-texts.ts";

export interface RenderingPlan {
  readonly conversation: Conversation;
  readonly generationPrompt: boolean;
  readonly reasoning: Reasoning | undefined;
  /** In robust mode, what the template can do by itself. */
  readonly capabilities: Capabilities | undefined;
}

export interface Rendering {
  readonly text: string;
  readonly pieces: readonly PromptPiece[];
  readonly reasoning: Reasoning;
  readonly boundaries: readonly number[];
}

/**
 * Renders a conversation and tells the template's own special tokens from text that looks like them.
 *
 * The template runs once as it is, for the text, and once with the first character of every would-be special
 * token in messages and tools replaced by a stand-in: the special tokens that are left are the template's own.
 * Filtering the messages beforehand would not do, as a template that deletes `/think` makes `<SPECIAL_12>` of
 * `<SPECIAL_1/think2>`; nor would encoding messages apart, as tokens reach across their ends.
 */
export function renderConversation(program: Program, special: SpecialText, plan: RenderingPlan): Rendering {
  const { conversation, generationPrompt, capabilities, reasoning } = plan;
  const standIns = new StandIns();
  avoidTexts(standIns, program, conversation);

  let { turns, variables } = conversation;
  if (capabilities) turns = hideTraps(turns, standIns, capabilities, program.literals);
  if (reasoning) {
    turns = switchReasoning(turns, reasoning, program.literals);
    variables = { enable_thinking: reasoning === "on", ...variables };
  }
  const render = (turns: readonly Turn[], options: Omit<RenderingOptions, "literal">) =>
    renderOnce(program, { ...conversation, turns, variables }, { ...options, literal: standIns });
  // Of a conversation that ends in what is to be replied to, this is asked for twice.
  const prompts = new Map<readonly Turn[], string>();
  const renderText = (turns: readonly Turn[], options: { readonly generationPrompt: boolean }): string => {
    const text = (options.generationPrompt ? prompts.get(turns) : undefined) ?? render(turns, options);
    if (options.generationPrompt) prompts.set(turns, text);
    return text;
  };

  // Where the template would lose a part of the last message, a message that follows keeps it from doing so.
  // That message is cut away afterwards, at a mark that is printed where it begins.
  const mark = standIns.mark();
  const cut = standIns.mark();
  const follower: Turn = { message: { role: "user", content: standIns.mark() }, index: undefined };
  const isFollowed = capabilities !== undefined && losesLastMessage(turns, capabilities);
  const followed = isFollowed ? [...turns, follower] : turns;
  // A template that takes a last assistant message for a whole one is cut where the reply goes on.
  const begun = generationPrompt && capabilities ? replyStartOf(turns) : undefined;
  const isCut = begun !== undefined && !capabilities!.goesOnFromReply;
  if (isCut && begun === "" && turns.length > 1) turns = turns.slice(0, -1);
  const isCutInside = isCut && begun !== "";
  const tail = lazy(() => generationPromptAfter(turnsBeforeReply(followed, follower), renderText));
  const compose = (options: Pick<RenderingOptions, "mapText" | "markOf" | "endMark">): string => {
    if (isCutInside) {
      const whole = render(markReplyStart(turns, cut), { ...options, generationPrompt: false });
      return upTo(cut, whole, turns);
    }
    if (!isFollowed)
      return options.mapText
        ? render(turns, { ...options, generationPrompt })
        : renderText(turns, { generationPrompt });
    const markOf = (turn: number) => (options.markOf?.(turn) ?? "") + (turn === turns.length ? cut : "");
    const whole = render(followed, { ...options, markOf, generationPrompt: false });
    return upTo(cut, whole, turns) + (generationPrompt ? tail() : "");
  };

  const text = standIns.restore(compose({}));
  const isSame = (marked: string) => standIns.restore(marked) === text;
  const mapText = (text: string, role: unknown) => special.hide(text, role, standIns);
  let marked = compose({ mapText, markOf: () => mark, endMark: mark });
  // Marks disturb a template that keeps its output in a variable and looks at it; then there are no boundaries.
  if (!isSame(marked)) marked = compose({ mapText });
  if (!isSame(marked)) throw cannotTellApart();

  const asked = leavesReasoningOpen(standIns.restore(tail()));
  if (reasoning && asked !== (reasoning === "on")) throw cannotSwitch(reasoning);
  const isOpen = isCutInside
    ? leavesReasoningOpen(begun)
    : asked && (isFollowed || !replyStartClosesReasoning(conversation.turns, text));
  return {
    text,
    ...cutIntoPieces(marked, mark, special, (part) => standIns.restore(part)),
    reasoning: isOpen ? "on" : "off",
  };
}

/** @throws {ChatTemplateError} `TEMPLATE_MESSAGE` when the mark is not there. */
function upTo(mark: string, text: string, turns: readonly Turn[]): string {
  const end = text.lastIndexOf(mark);
  if (end < 0) throw cannotCut(turns.at(-1));
  return text.slice(0, end).replaceAll(mark, "");
}

function avoidTexts(standIns: StandIns, program: Program, { turns, tools, variables }: Conversation): void {
  const avoid = (text: string) => {
    standIns.avoid(text);
    return text;
  };
  avoid(program.source);
  toRuntimeValue(tools, avoid, "tools");
  toRuntimeValue(variables, avoid, "variables");
  for (const [i, { message }] of turns.entries()) toRuntimeValue(message, avoid, `messages[${i}]`);
}

/** What the template adds when a generation prompt is asked for. */
function generationPromptAfter(
  turns: readonly Turn[],
  render: (turns: readonly Turn[], options: { generationPrompt: boolean }) => string,
): string {
  const without = render(turns, { generationPrompt: false });
  const prompt = render(turns, { generationPrompt: true });
  let common = 0;
  while (common < without.length && without[common] === prompt[common]) common++;
  return prompt.slice(common);
}

function lazy<T>(compute: () => T): () => T {
  let value: { of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
}

function cannotSwitch(reasoning: Reasoning): ChatTemplateError {
  return new ChatTemplateError({
    code: "TEMPLATE_REASONING",
    message: `Reasoning was asked to be ${reasoning}, but this chat template knows neither the words /think and /no_think nor a variable enable_thinking. Leave the option out for this model.`,
    expected: reasoning,
  });
}

function cannotTellApart(): ChatTemplateError {
  return new ChatTemplateError({
    code: "TEMPLATE_PIECES",
    message:
      "This chat template looks in messages for characters that special tokens begin with, so its own special tokens cannot be told from text in these messages. Create the template without specialTokens to get the text alone.",
  });
}

function cannotCut(last: Turn | undefined): ChatTemplateError {
  return new ChatTemplateError({
    code: "TEMPLATE_MESSAGE",
    message: `This chat template cannot render a conversation that ends in a message of role ${String(roleOf(last))}; add the message that follows, or use mode "faithful".`,
    messageIndex: last?.index,
    role: roleOf(last),
  });
}
