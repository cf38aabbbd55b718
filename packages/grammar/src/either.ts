import { choice } from "./text/expression.ts";
import { createGrammar, type Grammar } from "./text/grammar.ts";

/**
 * The texts of both grammars, such as an answer in JSON or calls of tools. Rules of the same name have to be
 * the same, as they are in grammars of one schema each and of tools.
 */
export function eitherGrammar(a: Grammar, b: Grammar): Grammar {
  return createGrammar(choice([a.root, b.root]), new Map([...a.rules, ...b.rules]));
}
