import { GrammarError } from "../grammar-error.ts";
import { choice, type Expression, literal, never, repeat, rule, sequence } from "../text/expression.ts";
import { createGrammar, type Grammar } from "../text/grammar.ts";
import { areApart } from "./apart.ts";
import { array, comma, jsonRules, list, member, space, value } from "./json-text.ts";
import { objectOf, otherName } from "./members.ts";
import { mergeAll } from "./merge.ts";
import { constants, numberOf, stringOf } from "./scalars.ts";
import {
  allowOnly,
  countsOf,
  type JsonType,
  readSchema,
  type Schema,
  typeKeywords,
  typesOf,
  unsupported,
} from "./schema.ts";

/** The expressions of one document's schemas, each a rule named by where it stands. */
export class JsonSchemaExpressions {
  readonly rules: Map<string, Expression> = new Map(jsonRules);
  readonly #document: unknown;
  readonly #root: string;

  /** @param root - names the document among others of the same grammar. */
  constructor(document: unknown, root = "#") {
    this.#document = document;
    this.#root = root;
  }

  /** What the whole document describes. */
  get expression(): Expression {
    return this.#at(this.#document, this.#root);
  }

  #at(schema: unknown, path: string): Expression {
    if (!this.rules.has(path)) {
      this.rules.set(path, never);
      this.rules.set(path, this.#make(schema, path));
    }
    return rule(path);
  }

  #make(given: unknown, path: string): Expression {
    if (given === true) return value;
    if (given === false) return never;
    const schema = readSchema(given, path);
    const { keywords } = schema;
    if ("$ref" in keywords) {
      allowOnly(schema, ["$ref"], "nothing may stand beside $ref");
      return this.#at(...this.#target(schema));
    }
    if ("const" in keywords || "enum" in keywords) return constants(schema);
    if ("allOf" in keywords) return this.#at(this.#merged(schema), `${path}/allOf`);
    for (const keyword of ["anyOf", "oneOf"]) {
      if (keyword in keywords) return this.#options(schema, keyword);
    }
    const types = typesOf(schema);
    const known = (types ?? []).flatMap((type) => typeKeywords[type]);
    allowOnly(schema, ["type", ...known]);
    return types === undefined ? value : choice(types.map((type) => this.#ofType(type, schema)));
  }

  /** One schema for all of a schema's parts, and of theirs. */
  #merged(schema: Schema): object {
    const seen = new Set<unknown>();
    for (let part = schema; ; ) {
      const { allOf } = part.keywords;
      if (seen.has(allOf)) unsupported(schema, "allOf", "it contains itself");
      seen.add(allOf);
      const merged = mergeAll(part, (inner) => this.#resolve(inner));
      if (!("allOf" in merged)) return merged;
      part = readSchema(merged, `${part.path}/allOf`);
    }
  }

  #options(schema: Schema, keyword: string): Expression {
    const options = schema.keywords[keyword];
    allowOnly(schema, [keyword, "type"], `it stands beside ${keyword}; move it into each of the options`);
    if (!Array.isArray(options) || options.length === 0) {
      return unsupported(schema, keyword, "it should be a list of schemas");
    }
    const paths = options.map((_, i) => `${schema.path}/${keyword}/${i}`);
    if (keyword === "oneOf") {
      const schemas = options.map((option, i) => readSchema(option, paths[i]!));
      if (!areApart(schemas, (option) => this.#resolve(option))) {
        unsupported(
          schema,
          keyword,
          "a value may satisfy two of its schemas; use anyOf, or a constant that tells them apart",
        );
      }
    }
    return choice(options.map((option, i) => this.#at(option, paths[i]!)));
  }

  #ofType(type: JsonType, schema: Schema): Expression {
    switch (type) {
      case "object":
        return this.#object(schema);
      case "array":
        return this.#array(schema);
      case "string":
        return stringOf(schema);
      case "boolean":
        return choice([literal("true"), literal("false")]);
      case "null":
        return literal("null");
      default:
        return numberOf(schema, type);
    }
  }

  #object(schema: Schema): Expression {
    const { properties = {}, required = [] } = schema.keywords;
    if (typeof properties !== "object" || properties === null)
      unsupported(schema, "properties", "it should be an object");
    if (!Array.isArray(required)) unsupported(schema, "required", "it should be a list of names");
    const named = new Map(Object.entries(properties as object));
    const extras = areExtrasAllowed(schema);
    const members = [...named].map(([name, of]) => ({
      text: this.#member(schema, name, of),
      isRequired: (required as unknown[]).includes(name),
    }));
    for (const name of required as string[]) {
      if (named.has(name)) continue;
      if (!extras)
        unsupported(
          schema,
          "required",
          `it names ${JSON.stringify(name)}, which is not among the properties`,
        );
      members.push({ text: this.#extra(schema, literal(JSON.stringify(name))), isRequired: true });
    }
    const taken = [...new Set([...named.keys(), ...(required as string[])])];
    const extra = extras ? this.#extra(schema, otherName(taken)) : undefined;
    return objectOf(members, extra, (name, expression) => {
      // No pointer has a ~ before anything but 0 and 1.
      this.rules.set(`${schema.path}~${name}`, expression);
      return rule(`${schema.path}~${name}`);
    });
  }

  #member(schema: Schema, name: string, of: unknown): Expression {
    const path = `${schema.path}/properties/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const text = member(literal(JSON.stringify(name)), this.#at(of, path));
    this.rules.set(`${path}~with its name`, text);
    return rule(`${path}~with its name`);
  }

  #extra(schema: Schema, name: Expression): Expression {
    const { additionalProperties = true } = schema.keywords;
    return member(name, this.#at(additionalProperties, `${schema.path}/additionalProperties`));
  }

  #array(schema: Schema): Expression {
    const [least, most] = countsOf(schema, "minItems", "maxItems");
    const { items = true, prefixItems = [] } = schema.keywords;
    if (!Array.isArray(prefixItems))
      return unsupported(schema, "prefixItems", "it should be a list of schemas");
    if (Array.isArray(items))
      return unsupported(schema, "items", "a list of schemas is written as prefixItems");
    const first = prefixItems.map((of, i) =>
      sequence(this.#at(of, `${schema.path}/prefixItems/${i}`), space),
    );
    const further = sequence(this.#at(items, `${schema.path}/items`), space);
    if (first.length === 0) return array(list(further, least, most));
    if (least < first.length) {
      unsupported(
        schema,
        "prefixItems",
        `minItems should be at least ${first.length}, so that all of them are there`,
      );
    }
    const fixed = first.flatMap((part, i) => (i > 0 ? [comma, part] : [part]));
    const rest = repeat(sequence(comma, further), least - first.length, most - first.length);
    return array(sequence(...fixed, rest));
  }

  /** What a reference names, however many lie between. */
  #resolve(schema: Schema, seen: ReadonlySet<string> = new Set()): Schema {
    if (!("$ref" in schema.keywords) || seen.has(schema.path)) return schema;
    return this.#resolve(readSchema(...this.#target(schema)), new Set([...seen, schema.path]));
  }

  #target(schema: Schema): [target: unknown, path: string] {
    const { $ref } = schema.keywords;
    if (typeof $ref !== "string" || !/^#(\/|$)/.test($ref)) {
      return unsupported(
        schema,
        "$ref",
        `${JSON.stringify($ref)} is not within the schema, such as "#/$defs/name"`,
      );
    }
    let target: unknown = this.#document;
    for (const step of $ref.split("/").slice(1)) {
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) {
        return unsupported(schema, "$ref", `there is nothing at ${$ref}`);
      }
      target = (target as Record<string, unknown>)[key];
    }
    return [target, this.#root + $ref.slice(1)];
  }
}

/** A schema that names properties and says nothing of others is taken to mean these; one that names none means any. */
function areExtrasAllowed({ keywords }: Schema): boolean {
  return (keywords.additionalProperties ?? !("properties" in keywords)) !== false;
}

/**
 * The JSON texts that satisfy a schema. Where a schema leaves open, this chooses what is easier to get right:
 * properties come in the order in which the schema has them, and others only where `additionalProperties` says so.
 *
 * @throws {GrammarError} `GRAMMAR_SCHEMA` naming a keyword that cannot be enforced, and where it stands.
 */
export function jsonSchemaGrammar(schema: unknown): Grammar {
  const expressions = new JsonSchemaExpressions(schema);
  return jsonGrammarOf(expressions.expression, expressions.rules);
}

/** Any JSON object. */
export function jsonObjectGrammar(): Grammar {
  return jsonSchemaGrammar({ type: "object", additionalProperties: true });
}

function jsonGrammarOf(root: Expression, rules: ReadonlyMap<string, Expression>): Grammar {
  try {
    // Models that have reasoned begin their answer on a new line.
    return createGrammar(sequence(repeat(literal("\n"), 0, 2), root), rules);
  } catch (error) {
    if (!(error instanceof GrammarError) || error.code !== "GRAMMAR_EMPTY") throw error;
    throw new GrammarError(
      "GRAMMAR_EMPTY",
      "No JSON text satisfies the schema: something that it requires contains itself, or is false.",
    );
  }
}
