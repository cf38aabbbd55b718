import { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { withoutControls } from "../terminal/control-characters.ts";

/** Asks a terminal to say where a paste begins and ends. */
export const ANNOUNCE_PASTES = "\u001b[?2004h";
export const ANNOUNCE_NO_PASTES = "\u001b[?2004l";

const START = "\u001b[200~";
const END = "\u001b[201~";

/** How a line break shows in a line that is edited. */
const LINE_BREAK = "\u240a";

/**
 * A pasted text as it stands in the line that is edited: in one line, without what could steer the
 * terminal, and without the line break at its end.
 */
export function inOneLine(pasted: string): string {
  const text = pasted.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
  return withoutControls(text).replaceAll("\n", LINE_BREAK);
}

/** What an edited line says: the opposite of {@link inOneLine}. */
export function withLineBreaks(line: string): string {
  return line.replaceAll(LINE_BREAK, "\n");
}

/**
 * The keys that are typed at a terminal, without what is pasted, which goes to `onPaste` as a whole: as keys,
 * each of its lines would be a message, and a long one would be drawn anew for every character.
 */
export class TypedKeys extends Readable {
  readonly #terminal: NodeJS.ReadStream;
  readonly #onPaste: (text: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #pending = "";

  constructor(terminal: NodeJS.ReadStream, onPaste: (text: string) => void) {
    super();
    this.#terminal = terminal;
    this.#onPaste = onPaste;
    terminal.on("data", (bytes: Buffer) => this.#take(this.#decoder.write(bytes)));
    terminal.on("end", () => this.emit("end"));
  }

  setRawMode(isRaw: boolean): void {
    this.#terminal.setRawMode(isRaw);
  }

  override pause(): this {
    this.#terminal.pause();
    return super.pause();
  }

  override resume(): this {
    this.#terminal.resume();
    return super.resume();
  }

  /** Nothing is asked for: keys come when they are typed. */
  override _read(): void {}

  #take(text: string): void {
    let rest = this.#pending + text;
    this.#pending = "";
    for (;;) {
      const start = rest.indexOf(START);
      if (start < 0) break;
      const end = rest.indexOf(END, start);
      this.#type(rest.slice(0, start));
      if (end < 0) {
        this.#pending = rest.slice(start);
        return;
      }
      this.#onPaste(rest.slice(start + START.length, end));
      rest = rest.slice(end + END.length);
    }
    // The mark itself may come in two parts.
    this.#pending = /\u001b\[2(?:0(?:0)?)?$/.exec(rest)?.[0] ?? "";
    this.#type(rest.slice(0, rest.length - this.#pending.length));
  }

  /** Emitted rather than pushed: a key must be dealt with before the paste that comes after it. */
  #type(keys: string): void {
    if (keys !== "") this.emit("data", keys);
  }
}
