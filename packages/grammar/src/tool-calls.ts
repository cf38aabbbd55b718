import { GrammarError } from "./grammar-error.ts";
import { JsonSchemaExpressions } from "./json-schema/json-schema.ts";
import { comma, jsonRules, member, object, space } from "./json-schema/json-text.ts";
import { anyCharacter, characters, oneOf, without } from "./text/characters.ts";
import { choice, type Expression, literal, nothing, repeat, rule, sequence } from "./text/expression.ts";
import { createGrammar, type Grammar } from "./text/grammar.ts";

/** What the grammar needs of a tool. */
export interface ToolSchema {
  readonly name: string;
  /** The JSON Schema of its arguments; an object without properties unless given. */
  readonly parameters?: unknown;
}

export interface ToolCallOptions {
  /** Whether there must be a call, or may; or the one tool that must be called. */
  readonly choice: "auto" | "required" | { readonly name: string };
  /** Whether an answer may have several calls; yes unless given. */
  readonly parallel?: boolean;
}

const OPEN = "<TOOLCALL>";
const CLOSE = "</TOOLCALL>";

/**
 * Answers that call tools as Nemotron Nano 2 writes it, with arguments that satisfy the tools' schemas:
 *
 *   <TOOLCALL>[{"name": "get_weather", "arguments": {"city": "Paris"}}]</TOOLCALL>
 *
 * With `choice: "auto"` any text may come before, or instead.
 *
 * @throws {GrammarError} `GRAMMAR_OPTION` when the tool that must be called is none of them,
 *   `GRAMMAR_SCHEMA` for parameters that cannot be enforced.
 */
export function toolCallGrammar(tools: readonly ToolSchema[], options: ToolCallOptions): Grammar {
  const chosen = options.choice;
  const callable = typeof chosen === "string" ? tools : tools.filter(({ name }) => name === chosen.name);
  if (callable.length === 0) {
    const asked = typeof chosen === "string" ? "a call" : `a call of ${JSON.stringify(chosen.name)}`;
    const names = tools.map(({ name }) => JSON.stringify(name)).join(", ") || "none";
    throw new GrammarError("GRAMMAR_OPTION", `${asked} is asked for, but the tools are: ${names}.`);
  }
  const rules = new Map(jsonRules);
  const call = choice(callable.map((tool) => callOf(tool, rules)));
  const most = options.parallel === false ? 1 : Infinity;
  const calls = sequence(
    literal("["),
    space,
    call,
    repeat(sequence(comma, call), 0, most - 1),
    literal("]"),
    literal(CLOSE),
  );
  const newLines = repeat(literal("\n"), 0, 2);
  const root = chosen === "auto" ? textUntil(OPEN, calls, rules) : sequence(newLines, literal(OPEN), calls);
  return createGrammar(root, rules);
}

function callOf({ name, parameters }: ToolSchema, rules: Map<string, Expression>): Expression {
  const schema = new JsonSchemaExpressions(parameters ?? { type: "object" }, `${name}#`);
  const given = schema.expression;
  for (const [path, expression] of schema.rules) rules.set(path, expression);
  const text = sequence(
    object(
      sequence(
        member(literal('"name"'), literal(JSON.stringify(name))),
        comma,
        member(literal('"arguments"'), given),
      ),
    ),
    space,
  );
  rules.set(`call of ${name}`, text);
  return rule(`call of ${name}`);
}

/**
 * Any text, in which what follows a marker is `then` and the end.
 *
 * One rule for each part of the marker that the text may have ended with so far, as in Knuth, Morris & Pratt
 * 1977, "Fast Pattern Matching in Strings".
 */
function textUntil(marker: string, then: Expression, rules: Map<string, Expression>): Expression {
  const nameOf = (length: number) => `text that ends with ${JSON.stringify(marker.slice(0, length))}`;
  const code = (index: number) => marker.charCodeAt(index);
  for (let length = 0; length < marker.length; length++) {
    /** By character, how much of the marker the text ends with after it. */
    const next = new Map<number, number>();
    for (const character of new Set(Array.from(marker, (text) => text.charCodeAt(0)))) {
      const text = marker.slice(0, length) + String.fromCharCode(character);
      let kept = Math.min(text.length, marker.length);
      while (kept > 0 && !text.endsWith(marker.slice(0, kept))) kept--;
      if (kept > 0) next.set(character, kept);
    }
    const others = without(anyCharacter, characters([...next.keys()].map((c) => [c, c] as const)));
    const options: Expression[] = [nothing, sequence(oneOf(others), rule(nameOf(0)))];
    for (const [character, kept] of next) {
      const rest = kept === marker.length && character === code(length) ? then : rule(nameOf(kept));
      options.push(sequence(oneOf([[character, character]]), rest));
    }
    rules.set(nameOf(length), choice(options));
  }
  return rule(nameOf(0));
}
