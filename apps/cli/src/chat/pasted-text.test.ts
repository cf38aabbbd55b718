import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { inOneLine, TypedKeys, withLineBreaks } from "./pasted-text.ts";

const START = "\u001b[200~";
const END = "\u001b[201~";

/** What a terminal that sends these chunks is understood as, in order. */
function understood(...chunks: (string | Uint8Array)[]): string[] {
  const seen: string[] = [];
  const terminal = new PassThrough();
  const keys = new TypedKeys(terminal as unknown as NodeJS.ReadStream, (text) => seen.push(`pasted ${text}`));
  keys.on("data", (text) => seen.push(`typed ${text}`));
  for (const chunk of chunks) terminal.emit("data", Buffer.from(chunk as Uint8Array));
  return seen;
}

test("keys and pastes come in the order in which they were sent", () => {
  expect(understood(`a${START}b\rc${END}d${START}${END}\r`)).toEqual([
    "typed a",
    "pasted b\rc",
    "typed d",
    "pasted ",
    "typed \r",
  ]);
});

test("a paste is whole, wherever its bytes and its marks are cut", () => {
  const bytes = Buffer.from(`${START}né\r€${END}`);
  for (let cut = 4; cut < bytes.length; cut++) {
    expect(understood(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(["pasted né\r€"]);
  }
});

test("other escape sequences are keys, and an escape key is not held back", () => {
  expect(understood("\u001b", "\u001b[A", "\u001b[20~")).toEqual([
    "typed \u001b",
    "typed \u001b[A",
    "typed \u001b[20~",
  ]);
});

test("a pasted text is edited as one line that cannot steer the terminal, and says its line breaks", () => {
  const line = inOneLine("one\r\ntwo\rthree\n\n\u001b[2J\tend\n\n");
  expect(line).toBe("one␊two␊three␊␊␛[2J\tend");
  expect(withLineBreaks(line)).toBe("one\ntwo\nthree\n\n␛[2J\tend");
});
