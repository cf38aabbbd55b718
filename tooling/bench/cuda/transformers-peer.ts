import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { ModelConfig } from "@krait/models";
import { type Figure, figure } from "../figure.ts";

/** What PyTorch and transformers make of the same shape with random weights in bf16, as far as they got. */
export interface Peer {
  readonly name?: string;
  /** Tokens a second of one sequence. */
  readonly decode?: number;
  /** Tokens a second of a prompt. */
  readonly prefill?: number;
  /** Operations a second of a large matrix product in bf16. */
  readonly matmul?: number;
}

export interface PeerSizes {
  readonly config: ModelConfig;
  readonly context: number;
  readonly promptRows: number;
  /** How long it may take. */
  readonly seconds: number;
  /** "cuda" unless given. */
  readonly device?: "cuda" | "cpu";
  /** Where Python looks for modules first. */
  readonly pythonPath?: string;
}

const TOKENS = 32;

/** @returns what was found in time; undefined where nothing was. `note` then says what is missing. */
export async function measureTransformers(
  { config, context, promptRows, seconds, device = "cuda", pythonPath }: PeerSizes,
  note: (text: string) => void,
): Promise<Peer | undefined> {
  const leaveOut = (why: string): void => note(`PyTorch with transformers is left out: ${why}`);
  if (seconds === 0) {
    leaveOut("there is no time for it");
    return undefined;
  }
  const script = readFileSync(new URL("transformers-peer.py", import.meta.url), "utf8");
  const args = ["-c", script, JSON.stringify(config), ...[context, promptRows, TOKENS].map(String), device];
  const env = { ...process.env, ...(pythonPath && { PYTHONPATH: pythonPath }) };
  let printed: string;
  try {
    const signal = AbortSignal.timeout(1000 * seconds);
    ({ stdout: printed } = await promisify(execFile)("python3", args, { signal, env }));
  } catch (error) {
    // What was printed before the time was up, or before it failed.
    const { stdout = "", name, message } = error as Error & { stdout?: string };
    leaveOut(
      name === "AbortError" ? `it takes more than ${seconds} seconds` : message.trim().split("\n").at(-1)!,
    );
    printed = stdout;
  }
  const lines = printed.split("\n").filter((line) => line.startsWith("{"));
  const { missing, ...peer } = Object.assign({}, ...lines.map((line) => JSON.parse(line))) as Peer & {
    readonly missing?: string;
  };
  if (missing !== undefined) leaveOut(missing);
  return Object.keys(peer).length > 0 ? peer : undefined;
}

/** Our figures over the peer's. */
export function* comparedWith(peer: Peer, figures: readonly Figure[], label: string): Generator<Figure> {
  const against = peer.name ?? "PyTorch";
  if (peer.matmul !== undefined) {
    yield figure({ name: "cuda.pytorch.matmul", value: peer.matmul / 1e9, unit: "Gop/s" });
  }
  for (const [kind, theirs] of [
    ["decode1@", peer.decode],
    ["prefill", peer.prefill],
  ] as const) {
    const ours = figures.find(({ name }) => name.startsWith(`${label}.${kind}`));
    if (theirs === undefined || ours === undefined) continue;
    yield figure({
      name: `${ours.name}.over-pytorch`,
      value: ours.value,
      unit: ours.unit,
      peer: { value: theirs, name: against, goal: 1 },
    });
  }
}
