// An expression as a graph, one for each rule, after Thompson 1968, "Regular Expression Search Algorithm".
// A rule inside another is a call: its graph is entered, and at its end one returns to where it was called.
import { GrammarError } from "../grammar-error.ts";
import type { ByteRange, Expression } from "../text/expression.ts";
import type { Grammar } from "../text/grammar.ts";

export interface Node {
  /** Where a byte leads. */
  readonly bytes: { readonly ranges: readonly ByteRange[]; readonly to: number }[];
  /** Where one may go without a byte. */
  readonly jumps: number[];
  readonly calls: { readonly start: number; readonly back: number }[];
  /** Whether a rule ends here. */
  isEnd: boolean;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly start: number;
}

const MOST_NODES = 500_000;

/** @throws {GrammarError} `GRAMMAR_TOO_LARGE`. */
export function graphOf({ root, rules }: Grammar): Graph {
  const nodes: Node[] = [];
  const starts = new Map<string, number>();
  const pending: { expression: Expression; start: number }[] = [];

  const add = (): number => {
    if (nodes.length === MOST_NODES) {
      throw new GrammarError(
        "GRAMMAR_TOO_LARGE",
        `The grammar takes more than ${MOST_NODES} nodes. Ask for fewer repetitions, such as a smaller maxLength or maxItems.`,
      );
    }
    return nodes.push({ bytes: [], jumps: [], calls: [], isEnd: false }) - 1;
  };
  const startOf = (name: string): number => {
    const known = starts.get(name);
    if (known !== undefined) return known;
    const expression = rules.get(name);
    if (expression === undefined) throw new Error(`The grammar has no rule "${name}".`);
    const start = add();
    starts.set(name, start);
    pending.push({ expression, start });
    return start;
  };

  /** Adds what leads from a node over the expression's texts; returns where they end. */
  const build = (expression: Expression, from: number): number => {
    switch (expression.kind) {
      case "byte": {
        const to = add();
        nodes[from]!.bytes.push({ ranges: expression.ranges, to });
        return to;
      }
      case "sequence":
        return expression.parts.reduce((at, part) => build(part, at), from);
      case "choice": {
        const end = add();
        for (const option of expression.options) {
          const start = add();
          nodes[from]!.jumps.push(start);
          nodes[build(option, start)]!.jumps.push(end);
        }
        return end;
      }
      case "repeat":
        return buildRepeat(expression, from);
      case "rule": {
        const back = add();
        nodes[from]!.calls.push({ start: startOf(expression.name), back });
        return back;
      }
    }
  };
  const buildRepeat = ({ part, least, most }: Expression & { kind: "repeat" }, from: number): number => {
    let at = from;
    for (let i = 0; i < least; i++) at = build(part, at);
    if (most === Infinity) {
      const loop = add();
      nodes[at]!.jumps.push(loop);
      nodes[build(part, loop)]!.jumps.push(loop);
      return loop;
    }
    const end = add();
    for (let i = least; i < most; i++) {
      nodes[at]!.jumps.push(end);
      at = build(part, at);
    }
    nodes[at]!.jumps.push(end);
    return end;
  };

  const start = add();
  nodes[build(root, start)]!.isEnd = true;
  for (let rule = pending.pop(); rule; rule = pending.pop()) {
    nodes[build(rule.expression, rule.start)]!.isEnd = true;
  }
  return { nodes, start };
}
