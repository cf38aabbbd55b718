// A stored session, little-endian:
//
//   "KRAITSES" · u32 version · u32 bytes of the header · header, JSON in UTF-8, padded with spaces to 8 bytes
//   · i32 tokens · the states, each padded to 8 bytes · u32 checksum of all before it
//
// The header names the model by its fingerprint, and lists the states with shape, dtype and length in bytes;
// beside them lies what whoever stored it wanted to have with it.

import { EngineError } from "./errors.ts";
import type { StoredState } from "./stored-states.ts";

export interface SessionFile {
  readonly tokens: readonly number[];
  readonly states: readonly StoredState[];
  /** A JSON value of whoever stores it. */
  readonly metadata: unknown;
}

interface Header {
  readonly fingerprint: string;
  readonly tokens: number;
  readonly metadata?: unknown;
  readonly states: readonly (Omit<StoredState, "bytes"> & { readonly byteLength: number })[];
}

const MAGIC = "KRAITSES";
const VERSION = 1;
const ALIGNMENT = 8;

export function encodeSession(
  { tokens, states, metadata }: SessionFile,
  fingerprint: string,
): Uint8Array<ArrayBuffer> {
  const header: Header = {
    fingerprint,
    tokens: tokens.length,
    metadata,
    states: states.map(({ bytes, ...state }) => ({ ...state, byteLength: bytes.byteLength })),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = aligned(json.byteLength);
  const tokensAt = 16 + headerBytes;
  let total = tokensAt + aligned(4 * tokens.length);
  const places = states.map(({ bytes }) => {
    const at = total;
    total += aligned(bytes.byteLength);
    return at;
  });
  const file = new Uint8Array(total + 4);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes, true);
  file.fill(0x20, 16, tokensAt);
  file.set(json, 16);
  for (const [index, token] of tokens.entries()) view.setInt32(tokensAt + 4 * index, token, true);
  for (const [index, { bytes }] of states.entries()) file.set(bytes, places[index]);
  view.setUint32(total, checksum(file.subarray(0, total)), true);
  return file;
}

/**
 * @param fingerprint - of the model that the session must be of.
 * @throws {EngineError} `SESSION_INVALID` saying what is wrong with it.
 */
export function decodeSession(bytes: Uint8Array, fingerprint: string): SessionFile {
  // A copy begins at a place that numbers of any size can be read from.
  const file = bytes.slice();
  const view = new DataView(file.buffer);
  const text = (from: number, to: number): string => new TextDecoder().decode(file.subarray(from, to));
  if (file.byteLength < 20 || text(0, 8) !== MAGIC)
    invalid("It is not a stored session.", { bytes: file.byteLength });
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    invalid(`It has version ${version} of the format; this Krait reads version ${VERSION}.`, { version });
  }
  const end = file.byteLength - 4;
  if (end % ALIGNMENT !== 0 || view.getUint32(end, true) !== checksum(file.subarray(0, end))) {
    invalid("It is cut short or damaged: its checksum does not fit.", { bytes: file.byteLength });
  }
  const tokensAt = 16 + view.getUint32(12, true);
  const header = readHeader(text(16, tokensAt));
  if (header.fingerprint !== fingerprint) {
    invalid(`It is of another model, ${header.fingerprint}, and this is ${fingerprint}.`, {
      expected: fingerprint,
      actual: header.fingerprint,
    });
  }
  let at = tokensAt + aligned(4 * header.tokens);
  const length = header.states.reduce((sum, { byteLength }) => sum + aligned(byteLength), at);
  if (length !== end) {
    invalid(`Its header speaks of ${length} bytes, and there are ${end}.`, { expected: length, actual: end });
  }
  const tokens = Array.from({ length: header.tokens }, (_, index) =>
    view.getInt32(tokensAt + 4 * index, true),
  );
  const states = header.states.map(({ byteLength, ...state }) => {
    const start = at;
    at += aligned(byteLength);
    return { ...state, bytes: file.subarray(start, start + byteLength) };
  });
  return { tokens, states, metadata: header.metadata };
}

/** The header, if it is one: a file whose checksum fits may still be somebody's own work. */
function readHeader(json: string): Header {
  let header: Partial<Header> | null = null;
  try {
    header = JSON.parse(json) as Partial<Header> | null;
  } catch {
    // What is no JSON is no header.
  }
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const states = header?.states;
  const isWhole =
    isCount(header?.tokens) &&
    header!.tokens! > 0 &&
    Array.isArray(states) &&
    states.every((state) => isCount(state?.byteLength) && Array.isArray(state.shape));
  if (!isWhole) invalid("Its header is not that of a stored session.", {});
  return header as Header;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Catches damage, not malice: words are mixed in order, each by a multiplication and a rotation. */
export function checksum(bytes: Uint8Array<ArrayBuffer>): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  let hash = words.length;
  for (let index = 0; index < words.length; index++) {
    hash = Math.imul(hash ^ words[index]!, 0x9e3779b1);
    hash = (hash << 13) | (hash >>> 19);
  }
  return hash >>> 0;
}

function invalid(reason: string, details: Readonly<Record<string, unknown>>): never {
  throw new EngineError("SESSION_INVALID", `This session cannot be loaded. ${reason}`, details);
}
