/** What the answer's text has to be. Reasoning before it is free. */
export type AnswerFormat =
  /** JSON that satisfies a schema. */
  | { readonly type: "json-schema"; readonly schema: unknown }
  /** Any JSON object. */
  | { readonly type: "json-object" }
  /** What a regular expression in JavaScript's syntax matches from beginning to end. */
  | { readonly type: "regex"; readonly pattern: string }
  /** One of some texts. */
  | { readonly type: "choice"; readonly choices: readonly string[] };

export interface StructuredOptions {
  /** Holds the answer to a format; with tools, it may call them instead. */
  readonly format?: AnswerFormat | undefined;
  /**
   * Whether the answer calls tools. "auto", "required" and one tool by name also hold the calls' arguments
   * to the tools' schemas; "none" keeps the tools from the model. Unless given, the model is free.
   */
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string } | undefined;
  /** Names of the tools that may be called, though the model is told of all of them; all unless given. */
  readonly allowedTools?: readonly string[] | undefined;
  /** Whether an answer may have several calls; yes unless given. */
  readonly parallelToolCalls?: boolean | undefined;
}
