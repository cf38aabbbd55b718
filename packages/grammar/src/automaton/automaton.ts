import { GrammarError } from "../grammar-error.ts";
import type { Grammar } from "../text/grammar.ts";
import { type Graph, graphOf, type Node } from "./nodes.ts";

/** No text goes on from here so. */
export const DEAD = -1;
const UNKNOWN = -2;
/** The empty stack. */
const NONE = 0;
/** Of all states together. A pattern such as `.*a.{200}` has as many sets of places as there are texts. */
const MOST_PLACES = 1_000_000;

/**
 * Reads text byte by byte. All that the grammar can make of the text so far is one state: a set of places in
 * the graph, each with the stack of calls to return to. Stacks share their lower parts, states are made once
 * and known by number, and what a byte leads to is remembered, so that reading is soon one look-up a byte.
 *
 * Lang 1974, "Deterministic Techniques for Efficient Non-Deterministic Parsers", for sets of stacks.
 */
export class Automaton {
  readonly start: number;
  readonly #graph: Graph;
  readonly #classes: ByteClasses;
  /** A stack is a place to return to, upon another stack; by number. */
  readonly #returns: number[] = [-1];
  readonly #below: number[] = [-1];
  readonly #stacks = new Map<number, number>();
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  #places = 0;

  /** @throws {GrammarError} `GRAMMAR_TOO_LARGE`. */
  constructor(grammar: Grammar) {
    this.#graph = graphOf(grammar);
    this.#classes = byteClasses(this.#graph);
    const places = new Places(this.#graph.nodes.length);
    this.#enter(this.#graph.start, NONE, places);
    this.start = this.#stateOf(places);
  }

  /** How many places its graph and the states so far have, by which its memory goes. */
  get size(): number {
    return this.#graph.nodes.length + this.#places;
  }

  /**
   * The state after one more byte, or {@link DEAD}.
   *
   * @throws {GrammarError} `GRAMMAR_TOO_LARGE` when the texts so far have led to too many states.
   */
  next(state: number, byte: number): number {
    const { after } = this.#states[state]!;
    const byteClass = this.#classes.ofByte[byte]!;
    const known = after[byteClass]!;
    if (known !== UNKNOWN) return known;
    const places = new Places(this.#graph.nodes.length);
    for (const [node, stack] of this.#states[state]!.places) {
      for (const { ranges, to } of this.#node(node).bytes) {
        if (ranges.some(([first, last]) => byte >= first && byte <= last)) this.#enter(to, stack, places);
      }
    }
    const next = this.#stateOf(places);
    after[byteClass] = next;
    return next;
  }

  /** Whether the text so far is whole. */
  isWhole(state: number): boolean {
    return this.#states[state]!.isWhole;
  }

  /** Whether any text can follow. */
  canGoOn(state: number): boolean {
    return this.#states[state]!.places.length > 0;
  }

  #node(index: number): Node {
    return this.#graph.nodes[index]!;
  }

  /** Adds a place, and those that are reached from it without a byte. */
  #enter(start: number, stackOfStart: number, places: Places): void {
    const pending: [node: number, stack: number][] = [[start, stackOfStart]];
    for (let place = pending.pop(); place; place = pending.pop()) {
      const [index, stack] = place;
      if (!places.add(index, stack)) continue;
      const node = this.#node(index);
      if (node.bytes.length > 0) places.reading.push(place);
      for (const jump of node.jumps) pending.push([jump, stack]);
      for (const { start, back } of node.calls) pending.push([start, this.#push(back, stack)]);
      if (!node.isEnd) continue;
      if (stack === NONE) places.isWhole = true;
      else pending.push([this.#returns[stack]!, this.#below[stack]!]);
    }
  }

  #push(back: number, stack: number): number {
    // At the end of a rule there is nothing to come back for: lists as long as one likes need no stack.
    if (this.#onlyReturns(back)) return stack;
    const key = stack * this.#graph.nodes.length + back;
    const known = this.#stacks.get(key);
    if (known !== undefined) return known;
    const number = this.#returns.push(back) - 1;
    this.#below.push(stack);
    this.#stacks.set(key, number);
    return number;
  }

  #onlyReturns(index: number): boolean {
    const { bytes, jumps, calls, isEnd } = this.#node(index);
    if (bytes.length + calls.length > 0) return false;
    return isEnd ? jumps.length === 0 : jumps.length === 1 && this.#onlyReturns(jumps[0]!);
  }

  #stateOf({ reading, isWhole }: Places): number {
    if (reading.length === 0 && !isWhole) return DEAD;
    const places = reading.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const key = `${isWhole}:${places.join(";")}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    // The state itself takes about as much as a place.
    this.#places += places.length + 1;
    if (this.#places > MOST_PLACES) {
      throw new GrammarError(
        "GRAMMAR_TOO_LARGE",
        `The grammar can be read in more than ${MOST_PLACES} ways. Ask for a pattern that leaves less open, such as one without a long count behind ".*".`,
      );
    }
    const after = new Int32Array(this.#classes.count).fill(UNKNOWN);
    const state = this.#states.push({ places, isWhole, after }) - 1;
    this.#numbers.set(key, state);
    return state;
  }
}

interface State {
  /** Those from which a byte leads on. */
  readonly places: readonly (readonly [node: number, stack: number])[];
  readonly isWhole: boolean;
  /** By class of the byte, the next state. */
  readonly after: Int32Array;
}

/** Bytes that lead the same way wherever they stand are of one class: a grammar has some dozens. */
interface ByteClasses {
  readonly ofByte: Uint8Array;
  readonly count: number;
}

function byteClasses({ nodes }: Graph): ByteClasses {
  const isFirst = new Uint8Array(257);
  for (const { bytes } of nodes) {
    for (const [first, last] of bytes.flatMap(({ ranges }) => ranges)) {
      isFirst[first] = 1;
      isFirst[last + 1] = 1;
    }
  }
  const ofByte = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) ofByte[byte] = ofByte[byte - 1]! + isFirst[byte]!;
  return { ofByte, count: ofByte[255]! + 1 };
}

/** Places as they are found, each once. */
class Places {
  readonly reading: [node: number, stack: number][] = [];
  isWhole = false;
  readonly #nodes: number;
  readonly #seen = new Set<number>();

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  /** Whether it was not there before. */
  add(node: number, stack: number): boolean {
    const before = this.#seen.size;
    return this.#seen.add(stack * this.#nodes + node).size > before;
  }
}
