import { GrammarError } from "../grammar-error.ts";
import { type Expression, never } from "./expression.ts";

/** The texts of an expression whose rules are given. Made by {@link createGrammar}. */
export interface Grammar {
  readonly root: Expression;
  readonly rules: ReadonlyMap<string, Expression>;
}

/**
 * Leaves out every option that could never come to an end, such as an object that needs another of its kind,
 * so that a model is never led into it.
 *
 * @throws {GrammarError} `GRAMMAR_EMPTY` when nothing is left.
 */
export function createGrammar(root: Expression, rules: ReadonlyMap<string, Expression> = new Map()): Grammar {
  const ending = rulesThatEnd(rules);
  const pruned = new Map([...rules].map(([name, expression]) => [name, prune(expression, ending)]));
  const grammar = { root: prune(root, ending), rules: pruned };
  if (!canEnd(grammar.root, ending)) {
    throw new GrammarError(
      "GRAMMAR_EMPTY",
      "No text satisfies this: what it requires never comes to an end.",
    );
  }
  return grammar;
}

function rulesThatEnd(rules: ReadonlyMap<string, Expression>): ReadonlySet<string> {
  const ending = new Set<string>();
  for (let before = -1; before !== ending.size; ) {
    before = ending.size;
    for (const [name, expression] of rules) if (canEnd(expression, ending)) ending.add(name);
  }
  return ending;
}

function canEnd(expression: Expression, ending: ReadonlySet<string>): boolean {
  switch (expression.kind) {
    case "byte":
      return true;
    case "sequence":
      return expression.parts.every((part) => canEnd(part, ending));
    case "choice":
      return expression.options.some((option) => canEnd(option, ending));
    case "repeat":
      return expression.least === 0 || canEnd(expression.part, ending);
    case "rule":
      return ending.has(expression.name);
  }
}

function prune(expression: Expression, ending: ReadonlySet<string>): Expression {
  if (!canEnd(expression, ending)) return never;
  switch (expression.kind) {
    case "sequence":
      return { ...expression, parts: expression.parts.map((part) => prune(part, ending)) };
    case "choice": {
      const options = expression.options.filter((option) => canEnd(option, ending));
      return { ...expression, options: options.map((option) => prune(option, ending)) };
    }
    case "repeat":
      if (!canEnd(expression.part, ending)) return { kind: "sequence", parts: [] };
      return { ...expression, part: prune(expression.part, ending) };
    default:
      return expression;
  }
}
