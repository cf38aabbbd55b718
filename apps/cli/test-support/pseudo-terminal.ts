import xterm from "@xterm/headless";
import { kraitCommand, kraitEnvironment } from "./krait-process.ts";

/** A program at a terminal, as a person meets it. */
export interface PseudoTerminal extends Disposable {
  type(keys: string): void;
  resize(columns: number): void;
  /** The lines on the screen and above it, without those that are empty at the end. */
  screen(): string;
  /** Waits until the screen matches, and gives it. @throws after two minutes, with the screen. */
  until(pattern: RegExp): Promise<string>;
  /** Whether the first line that begins with this text is dimmed. */
  isDim(text: string): boolean;
  readonly exitCode: Promise<number>;
}

/** Keys by name. */
export const keys = { enter: "\r", backspace: "\u007f", up: "\u001b[A", ctrlC: "\u0003", ctrlD: "\u0004" };

/** What a terminal sends for a paste, when it was asked to announce pastes. */
export const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`;

const PATIENCE = 120_000;

/** Why there can be no pseudo-terminal here; undefined when there can. */
export async function noPseudoTerminal(): Promise<string | undefined> {
  try {
    await import("@lydell/node-pty");
    return undefined;
  } catch (error) {
    return `no pseudo-terminal: ${error instanceof Error ? error.message : error}`;
  }
}

export async function openPseudoTerminal(args: readonly string[], columns = 80): Promise<PseudoTerminal> {
  const { spawn } = await import("@lydell/node-pty");
  const terminal = new xterm.Terminal({
    cols: columns,
    rows: 24,
    scrollback: 10_000,
    allowProposedApi: true,
  });
  const [node, ...rest] = kraitCommand;
  // Node takes colours from the first two, and takes a terminal of CI for one without.
  const { NO_COLOR, FORCE_COLOR, CI, ...env } = kraitEnvironment;
  const program = spawn(node!, [...rest, ...args], {
    name: "xterm-256color",
    cols: columns,
    rows: 24,
    env: { ...env, TERM: "xterm-256color" },
  });
  const exitCode = new Promise<number>((resolve) => program.onExit(({ exitCode }) => resolve(exitCode)));
  program.onData((data) => terminal.write(data));

  const buffer = terminal.buffer.active;
  const lines = () => Array.from({ length: buffer.length }, (_, y) => buffer.getLine(y)!);
  const screen = () =>
    lines()
      .map((line) => line.translateToString(true))
      .join("\n")
      .trimEnd();

  return {
    exitCode,
    screen,
    type: (text) => program.write(text),
    resize(width) {
      terminal.resize(width, 24);
      program.resize(width, 24);
    },
    async until(pattern) {
      const deadline = Date.now() + PATIENCE;
      while (!pattern.test(screen())) {
        if (Date.now() > deadline) throw new Error(`The screen never showed ${pattern}:\n${screen()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return screen();
    },
    isDim(text) {
      for (const line of lines()) {
        if (line.translateToString().startsWith(text)) return line.getCell(0)!.isDim() !== 0;
      }
      throw new Error(`The screen does not show ${JSON.stringify(text)}:\n${screen()}`);
    },
    [Symbol.dispose]() {
      program.kill();
      terminal.dispose();
    },
  };
}
