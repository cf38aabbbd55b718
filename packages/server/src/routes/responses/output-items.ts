/** The parts of a response's output, as they grow. */
export type OutputItem =
  | {
      readonly type: "reasoning";
      readonly id: string;
      readonly summary: { readonly type: "summary_text"; text: string }[];
    }
  | {
      readonly type: "message";
      readonly id: string;
      status: ItemStatus;
      readonly role: "assistant";
      readonly content: OutputText[];
    }
  | {
      readonly type: "function_call";
      readonly id: string;
      readonly call_id: string;
      readonly name: string;
      arguments: string;
      status: ItemStatus;
    };

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export interface OutputText {
  readonly type: "output_text";
  text: string;
  readonly annotations: readonly never[];
  readonly logprobs: object[];
}

/** A name of an item's kind. */
export type ItemOf<Type extends OutputItem["type"]> = Extract<OutputItem, { type: Type }>;
