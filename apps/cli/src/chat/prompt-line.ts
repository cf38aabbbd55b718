import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { ANNOUNCE_NO_PASTES, ANNOUNCE_PASTES, inOneLine, TypedKeys, withLineBreaks } from "./pasted-text.ts";

export interface PromptLineOptions {
  readonly prompt: string;
  /** What Tab completes the first word to. */
  readonly completions: readonly string[];
  /** Ctrl-C while no line is read. */
  onInterrupt(): void;
  /** Enter on an empty line while no line is read. */
  onEnter(): void;
}

/** Where a person types, at the terminal of this process. */
export interface PromptLine extends Disposable {
  /**
   * Shows the prompt and waits for a line that is not empty; lines typed before are given first. A text of
   * several lines that is pasted is one line.
   *
   * @returns undefined when the person leaves: by Ctrl-D, or by Ctrl-C twice.
   */
  read(): Promise<string | undefined>;
}

/**
 * Opens the line. The terminal stays in raw mode until it is disposed of, also while nothing is read, so
 * that Ctrl-C comes as a key: as a signal it would also reach the programs that started this one, and `npm`
 * would end.
 */
export function openPromptLine(options: PromptLineOptions): PromptLine {
  const { prompt, completions } = options;
  const { stdin, stdout } = process;
  const output = new GatedOutput(stdout);
  const lines: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let isClosed = false;
  let isWarned = false;

  const keys = new TypedKeys(stdin, (text) => terminal.write(inOneLine(text)));
  const terminal = createInterface({
    input: keys,
    output,
    terminal: true,
    prompt,
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string) => [
      line === "" ? [] : completions.filter((name) => name.startsWith(line)),
      line,
    ],
  });

  stdout.write(ANNOUNCE_PASTES);

  const give = (line: string | undefined): void => {
    output.isOpen = false;
    waiting?.(line === undefined ? undefined : withLineBreaks(line));
    waiting = undefined;
  };
  const interrupt = (): void => {
    if (waiting === undefined) options.onInterrupt();
    else if (terminal.line !== "") {
      terminal.write(null, { ctrl: true, name: "e" });
      terminal.write(null, { ctrl: true, name: "u" });
    } else if (isWarned) terminal.close();
    else {
      isWarned = true;
      stdout.write("\nCtrl-C again or /exit leaves.\n");
      terminal.prompt();
    }
  };

  terminal.on("line", (line) => {
    isWarned = false;
    const isEmpty = line.trim() === "";
    if (waiting === undefined) isEmpty ? options.onEnter() : lines.push(line);
    else if (isEmpty) terminal.prompt();
    else give(line);
  });
  terminal.on("SIGINT", interrupt);
  terminal.on("close", () => {
    isClosed = true;
    stdout.write(ANNOUNCE_NO_PASTES);
    if (waiting !== undefined) stdout.write("\n");
    give(undefined);
  });
  // A signal comes all the same where somebody sends one, and after Ctrl-D has closed the line.
  process.on("SIGINT", interrupt);

  return {
    read() {
      const typed = lines.shift();
      if (typed !== undefined) {
        stdout.write(`${prompt}${typed}\n`);
        return Promise.resolve(withLineBreaks(typed));
      }
      if (isClosed) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        waiting = resolve;
        output.isOpen = true;
        terminal.prompt(true);
      });
    },
    [Symbol.dispose]() {
      process.off("SIGINT", interrupt);
      terminal.close();
    },
  };
}

/** The terminal's output while a line is read, and nothing while it is not: keys must not show in an answer. */
class GatedOutput extends Writable {
  isOpen = false;
  readonly #terminal: NodeJS.WriteStream;

  constructor(terminal: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    terminal.on("resize", () => this.emit("resize"));
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  override _write(chunk: string, _: BufferEncoding, done: () => void): void {
    if (this.isOpen) this.#terminal.write(chunk);
    done();
  }
}
