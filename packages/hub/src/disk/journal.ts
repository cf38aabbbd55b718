import { ifThere } from "./disk-error.ts";
import { nodeModules } from "./node.ts";

/** Which pieces of a partial file are finished, as it stands on disk. */
export interface Journal {
  readonly pieceBytes: number;
  readonly byteLength: number;
  /** SHA-256 of each piece, by number. */
  readonly finished: Map<number, string>;
}

/**
 * Reads a journal: a line of JSON that says how long file and pieces are, and one for each finished piece.
 * A line that was cut short by a crash, and all after it, do not count.
 *
 * @returns undefined when there is none of a file of this length.
 */
export async function readJournal(path: string, byteLength: number): Promise<Journal | undefined> {
  const { fs } = nodeModules();
  const text = await ifThere(fs.readFile(path, "utf8"));
  const [head, ...lines] = (text ?? "").split("\n").map(parseLine);
  const pieceBytes = head?.pieceBytes;
  if (head?.byteLength !== byteLength || !isCount(pieceBytes) || pieceBytes === 0) return undefined;
  const finished = new Map<number, string>();
  for (const line of lines) {
    if (!isCount(line?.piece) || typeof line?.sha256 !== "string") break;
    if (line.piece * pieceBytes < byteLength) finished.set(line.piece, line.sha256);
  }
  return { pieceBytes, byteLength, finished };
}

/** Replaces the journal on disk. */
export async function writeJournal(path: string, { finished, ...head }: Journal): Promise<void> {
  const { fs } = nodeModules();
  const lines = [
    JSON.stringify(head),
    ...[...finished].map(([piece, sha256]) => pieceLine(piece, sha256).trimEnd()),
  ];
  const draft = `${path}.${crypto.randomUUID()}`;
  await fs.writeFile(draft, `${lines.join("\n")}\n`);
  await fs.rename(draft, path);
}

/** What is appended when a piece is finished. */
export function pieceLine(piece: number, sha256: string): string {
  return `${JSON.stringify({ piece, sha256 })}\n`;
}

/** How many bytes the finished pieces have. */
export function finishedBytes({ pieceBytes, byteLength, finished }: Journal): number {
  return [...finished.keys()].reduce(
    (sum, piece) => sum + Math.min(pieceBytes, byteLength - piece * pieceBytes),
    0,
  );
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
