import type { BatchProblem } from "./batch.ts";

/** One request of a batch. */
export interface InputLine {
  readonly customId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CheckedInput {
  readonly lines: readonly InputLine[];
  /** What is wrong, if anything is; then nothing of it is run. */
  readonly problems: readonly BatchProblem[];
}

const MOST_LINES = 50_000;
const MOST_PROBLEMS = 100;

/** Reads the lines of a batch's input: a JSON object each, with `custom_id`, `method`, `url` and `body`. */
export function readInput(content: Uint8Array, endpoint: string): CheckedInput {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return {
      lines: [],
      problems: [{ code: "invalid_utf8", message: "The file is not valid UTF-8.", line: null }],
    };
  }
  const rows = text.split("\n").map((row, i) => ({ row: row.trim(), number: i + 1 }));
  const lines: InputLine[] = [];
  const problems: BatchProblem[] = [];
  const seen = new Set<string>();
  for (const { row, number } of rows) {
    if (row === "" || problems.length >= MOST_PROBLEMS) continue;
    const line = readLine(row, endpoint);
    const problem =
      typeof line === "string"
        ? line
        : seen.has(line.customId)
          ? "custom_id: it is another line's, too"
          : undefined;
    if (problem === undefined) {
      seen.add((line as InputLine).customId);
      lines.push(line as InputLine);
    } else problems.push({ code: "invalid_line", message: `${problem}.`, line: number });
  }
  if (problems.length === 0 && lines.length === 0) {
    problems.push({ code: "empty_file", message: "The file has no lines.", line: null });
  }
  if (lines.length > MOST_LINES) {
    problems.push({
      code: "too_many_lines",
      message: `The file has ${lines.length} lines, of ${MOST_LINES} at most.`,
      line: null,
    });
  }
  return { lines, problems };
}

/** The line, or what is wrong with it. */
function readLine(row: string, endpoint: string): InputLine | string {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(row);
  } catch (error) {
    return `it is not valid JSON: ${(error as Error).message}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "it should be a JSON object";
  const { custom_id: customId, method, url, body } = value;
  if (typeof customId !== "string" || customId === "") return "custom_id: expected a text that is not empty";
  if (method !== "POST") return `method: expected "POST", received ${JSON.stringify(method)}`;
  if (url !== endpoint)
    return `url: expected the batch's endpoint "${endpoint}", received ${JSON.stringify(url)}`;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "body: expected an object";
  if ((body as Record<string, unknown>).stream === true)
    return "body.stream: a batch's requests are not streamed";
  return { customId, body: body as Record<string, unknown> };
}
