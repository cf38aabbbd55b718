import type { Vocabulary } from "./vocabulary.ts";

/** Turns ids into text as they come. What it gives, joined, equals `decode` of all the ids. */
export interface TextStream {
  /** The text that is certain now: "" while a character is incomplete, never half a character. */
  push(id: number): string;
  /** What was held back, as U+FFFD where bytes are missing. The stream may be used again afterwards. */
  flush(): string;
}

/** @param skipped - ids that give no text and do not interrupt a character. */
export function createTextStream(vocabulary: Vocabulary, skipped: ReadonlySet<number>): TextStream {
  const decoder = utf8Decoder();
  /** Whether the decoder may hold the beginning of a character: then its turn comes whatever follows. */
  let mayHold = false;
  return {
    push(id) {
      if (skipped.has(id)) return "";
      const bytes = vocabulary.bytes(id);
      const ascii = mayHold ? undefined : asciiText(bytes);
      if (ascii !== undefined) return ascii;
      mayHold = bytes.length === 0 || bytes.at(-1)! >= 0x80;
      return decoder.decode(bytes, { stream: true });
    },
    flush() {
      mayHold = false;
      return decoder.decode();
    },
  };
}

/** Most tokens are ASCII, which is read many times faster here than by a decoder; undefined for any other. */
function asciiText(bytes: Uint8Array): string | undefined {
  let text = "";
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Text of ids at once. */
export function decodeIds(
  vocabulary: Vocabulary,
  ids: ArrayLike<number>,
  skipped: ReadonlySet<number>,
): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (skipped.has(id)) continue;
    const bytes = vocabulary.bytes(id);
    parts.push(bytes);
    length += bytes.length;
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const bytes of parts) {
    all.set(bytes, offset);
    offset += bytes.length;
  }
  return utf8Decoder().decode(all);
}

/** U+FEFF at the start is text that the model wrote, not a mark to be dropped. */
function utf8Decoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
