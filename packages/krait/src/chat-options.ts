import type { Tool } from "@krait/chat-template";
import type { GenerateRequest } from "@krait/engine";
import type { StructuredOptions } from "./structured/structured-options.ts";

/** How an answer is generated; everything has a default. */
export interface ChatOptions
  extends StructuredOptions,
    Pick<
      GenerateRequest,
      | "id"
      | "maxTokens"
      | "n"
      | "stop"
      | "thinking"
      | "toolCallInReasoning"
      | "constraint"
      | "promptLogprobs"
      | "loopDetector"
      | "deadlineSeconds"
      | "ignoreEndTokens"
      | "onLogits"
      | "signal"
    > {
  /** Tools that the model may ask for; see `runTools` to have them called. */
  readonly tools?: readonly Tool[] | undefined;
  /** Overrides `/think` and `/no_think` in the messages. */
  readonly reasoning?: "on" | "off" | undefined;
  /**
   * Fields left out come from the model's `generation_config.json`, or, where that says nothing, from what
   * the model card recommends with and without reasoning.
   */
  readonly sampling?: GenerateRequest["sampling"];
  /** "robust" repairs what the model's template gets wrong; "faithful" is the template to the byte. */
  readonly templateMode?: "robust" | "faithful" | undefined;
}

/** How a text is continued. */
export type CompleteOptions = Pick<
  ChatOptions,
  | "id"
  | "maxTokens"
  | "n"
  | "stop"
  | "constraint"
  | "promptLogprobs"
  | "loopDetector"
  | "deadlineSeconds"
  | "ignoreEndTokens"
  | "onLogits"
  | "signal"
  | "sampling"
  | "format"
>;
