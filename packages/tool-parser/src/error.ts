export type ToolParserErrorCode =
  /** An option is none of its values. */
  | "TOOL_PARSER_OPTION"
  /** Text was pushed after the end of the text. */
  | "TOOL_PARSER_FLUSHED";

/** A mistake in the use of a parser. No text of a model ever causes one. */
export class ToolParserError extends Error {
  readonly code: ToolParserErrorCode;
  /** For `TOOL_PARSER_OPTION`: the option and its value. */
  readonly option: string | undefined;
  readonly actual: unknown;

  constructor(problem: { code: ToolParserErrorCode; message: string; option?: string; actual?: unknown }) {
    super(problem.message);
    this.name = "ToolParserError";
    this.code = problem.code;
    this.option = problem.option;
    this.actual = problem.actual;
  }
}
