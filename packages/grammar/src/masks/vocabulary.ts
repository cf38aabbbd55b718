import { GrammarError } from "../grammar-error.ts";

export interface VocabularyOptions {
  /** One more than the highest id that the model has a logit for. */
  readonly size: number;
  /** The bytes of a token, or undefined where it stands for no text: special and unused tokens. */
  readonly tokenBytes: (id: number) => Uint8Array | undefined;
  /** The ids that end an answer. */
  readonly endTokens: Iterable<number>;
}

/**
 * A model's tokens, in the order of their bytes: tokens that begin alike stand together, so that all of them
 * are known not to fit as soon as their beginning does not.
 */
export interface Vocabulary {
  readonly size: number;
  readonly endTokens: ReadonlySet<number>;
  /** The bytes of a token; empty where it stands for no text. */
  bytes(id: number): Uint8Array;
  readonly tree: TokenTree;
}

/** The tree of the tokens' bytes, each node before those below it. */
export interface TokenTree {
  readonly byte: Uint8Array;
  /** 0 for a first byte. */
  readonly depth: Uint16Array;
  /** The first node that is not below this one. */
  readonly end: Uint32Array;
  /** Where in `tokens` those begin that end at this node; they reach to where the next node's begin. */
  readonly firstToken: Uint32Array;
  readonly tokens: Uint32Array;
  readonly greatestDepth: number;
}

/**
 * Prepared once for a model; a hundred thousand tokens take some tenths of a second.
 *
 * @throws {GrammarError} `GRAMMAR_OPTION` for ids that are none.
 */
export function createVocabulary({ size, tokenBytes, endTokens }: VocabularyOptions): Vocabulary {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new GrammarError("GRAMMAR_OPTION", `size should be the number of tokens, but is ${size}.`);
  }
  const ends = new Set(endTokens);
  for (const id of ends) {
    if (!(Number.isInteger(id) && id >= 0 && id < size)) {
      throw new GrammarError("GRAMMAR_OPTION", `endTokens should be ids below ${size}, but has ${id}.`);
    }
  }
  const empty = new Uint8Array();
  const bytes = Array.from({ length: size }, (_, id) => (ends.has(id) ? empty : (tokenBytes(id) ?? empty)));
  return { size, endTokens: ends, bytes: (id) => bytes[id] ?? empty, tree: treeOf(bytes) };
}

function treeOf(bytes: readonly Uint8Array[]): TokenTree {
  const ids = bytes.flatMap((token, id) => (token.length > 0 ? [id] : []));
  ids.sort((a, b) => compare(bytes[a]!, bytes[b]!) || a - b);
  const nodes: { byte: number; depth: number; end: number; firstToken: number }[] = [];
  /** The nodes from the first byte to the last of the token before. */
  const open: number[] = [];
  const close = (depth: number) => {
    while (open.length > depth) nodes[open.pop()!]!.end = nodes.length;
  };
  let before = new Uint8Array();
  for (const [index, id] of ids.entries()) {
    const token = bytes[id]! as Uint8Array<ArrayBuffer>;
    let shared = 0;
    while (shared < before.length && shared < token.length && before[shared] === token[shared]) shared++;
    close(shared);
    for (let depth = shared; depth < token.length; depth++) {
      // Tokens end only at a branch's last node; those above it get none of their own.
      const isLast = depth === token.length - 1;
      open.push(nodes.push({ byte: token[depth]!, depth, end: 0, firstToken: isLast ? index : -1 }) - 1);
    }
    before = token;
  }
  close(0);
  return flatten(nodes, ids);
}

function flatten(
  nodes: readonly { byte: number; depth: number; end: number; firstToken: number }[],
  ids: readonly number[],
): TokenTree {
  const firstToken = new Uint32Array(nodes.length + 1);
  firstToken[nodes.length] = ids.length;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const own = nodes[i]!.firstToken;
    firstToken[i] = own >= 0 ? own : firstToken[i + 1]!;
  }
  return {
    byte: Uint8Array.from(nodes, ({ byte }) => byte),
    depth: Uint16Array.from(nodes, ({ depth }) => depth),
    end: Uint32Array.from(nodes, ({ end }) => end),
    firstToken,
    tokens: Uint32Array.from(ids),
    greatestDepth: nodes.reduce((greatest, { depth }) => Math.max(greatest, depth), 0),
  };
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
