import { probeCapabilities } from "./capabilities.ts";
import { ChatTemplateError, describe } from "./chat-template-error.ts";
import { checkTools } from "./checks.ts";
import type { Message, Tool } from "./messages.ts";
import { compile } from "./program.ts";
import type { PromptPiece } from "./prompt-pieces.ts";
import type { Reasoning } from "./reasoning.ts";
import { renderConversation } from "./render-conversation.ts";
import { renderOnce } from "./renderer.ts";
import { asTheyAre, repairMessages } from "./repairs.ts";
import { specialText } from "./special-text.ts";

export interface ChatTemplateOptions {
  /**
   * The special tokens of the tokenizer, for example `tokenizer.specialTokens.keys()`. Without them the whole
   * prompt is one piece of text, and so would be encoded without any special token.
   */
  readonly specialTokens?: Iterable<string>;
}

export interface RenderOptions {
  readonly tools?: readonly Tool[] | null | undefined;
  /** Ends the prompt where the reply begins. True unless `variables.add_generation_prompt` says otherwise. */
  readonly addGenerationPrompt?: boolean | undefined;
  /** Switches reasoning, whatever the messages say. Left out, the messages decide, and then the template. */
  readonly reasoning?: Reasoning | undefined;
  /**
   * `"robust"` (the default): what people write survives and OpenAI-shaped messages are accepted.
   * `"faithful"`: byte for byte what transformers renders in Python, errors included.
   */
  readonly mode?: "robust" | "faithful" | undefined;
  /** Further variables by the template's own names. They are trusted: special tokens in them stay special. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export interface RenderedPrompt {
  readonly text: string;
  /** The same text: special tokens that the template wrote, and everything else. */
  readonly pieces: readonly PromptPiece[];
  /**
   * Whether what the model writes next is reasoning. Without a generation prompt: whether it would be, after
   * the generation prompt.
   */
  readonly reasoning: Reasoning;
  /**
   * Where a message ends and another one, or the reply, begins: indices into `pieces`, each of a special piece.
   * As special tokens stand for themselves, `pieces.slice(0, boundary)` has the same tokens whatever follows.
   */
  readonly boundaries: readonly number[];
}

export interface ChatTemplate {
  /**
   * Messages to a prompt.
   *
   * @throws {ChatTemplateError} for messages and tools that are not what they have to be, and when the template
   * itself raises.
   */
  render(messages: readonly Message[], options?: RenderOptions): RenderedPrompt;
}

/**
 * A model's chat template: Jinja source, as in `tokenizer_config.json` or `chat_template.jinja`.
 *
 * @throws {ChatTemplateError} `TEMPLATE_SYNTAX`
 */
export function createChatTemplate(source: string, options: ChatTemplateOptions = {}): ChatTemplate {
  const program = compile(source);
  const special = specialText(options.specialTokens ?? [], program.literals);
  const capabilities = probeCapabilities(
    (messages, generationPrompt) =>
      renderOnce(program, { turns: asTheyAre(messages), tools: null, variables: {} }, { generationPrompt }),
    program.literals,
  );

  return {
    render(messages, { tools, addGenerationPrompt, reasoning, mode = "robust", variables = {} } = {}) {
      if (!Array.isArray(messages)) throw notAList(messages);
      if (mode === "robust") checkTools(tools);
      const turns = mode === "robust" ? repairMessages(messages, capabilities) : asTheyAre(messages);
      return renderConversation(program, special, {
        conversation: { turns, tools, variables },
        generationPrompt: addGenerationPrompt ?? Boolean(variables.add_generation_prompt ?? true),
        reasoning,
        capabilities: mode === "robust" ? capabilities : undefined,
      });
    },
  };
}

function notAList(messages: unknown): ChatTemplateError {
  return new ChatTemplateError({
    code: "TEMPLATE_MESSAGE",
    message: `The messages should be a list, but are ${describe(messages)}.`,
    field: "messages",
    expected: "a list of messages",
    actual: messages,
  });
}
