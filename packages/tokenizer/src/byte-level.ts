// Byte-level tokenizers write every byte as one printable character: most of Latin-1 stands for itself, and
// the 68 bytes that do not print (controls, space, DEL, no-break space, soft hyphen) take U+0100 and up.
// The table is GPT-2's (Radford et al. 2019, `bytes_to_unicode`).

const PRINTABLE: readonly (readonly [first: number, last: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

/** The 256 characters that stand for the bytes 0 to 255, in byte order. */
export function byteLevelAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = PRINTABLE.some(([first, last]) => first <= byte && byte <= last);
    return String.fromCharCode(prints ? byte : next++);
  });
}

const ALPHABET = byteLevelAlphabet();

/** Character code → byte, or −1. The alphabet ends at U+0143. */
const BYTE_OF_CHARACTER = new Int16Array(0x144).fill(-1);
for (const [byte, character] of ALPHABET.entries()) BYTE_OF_CHARACTER[character.charCodeAt(0)] = byte;

const utf8 = new TextEncoder();

/** How a byte-level vocabulary spells a text. */
export function textToByteLevel(text: string): string {
  return bytesToByteLevel(utf8.encode(text));
}

export function bytesToByteLevel(bytes: Uint8Array): string {
  let spelled = "";
  for (let i = 0; i < bytes.length; i++) spelled += ALPHABET[bytes[i]!];
  return spelled;
}

/**
 * The bytes of a vocabulary entry. An entry with a character outside the alphabet stands for its own UTF-8,
 * as in the decoder of Hugging Face's `tokenizers`.
 */
export function byteLevelToBytes(spelled: string): Uint8Array {
  const bytes = new Uint8Array(spelled.length);
  for (let i = 0; i < spelled.length; i++) {
    const byte = BYTE_OF_CHARACTER[spelled.charCodeAt(i)] ?? -1;
    if (byte < 0) return utf8.encode(spelled);
    bytes[i] = byte;
  }
  return bytes;
}
