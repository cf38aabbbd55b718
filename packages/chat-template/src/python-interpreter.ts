import { type Environment, Interpreter } from "@huggingface/jinja";
import type {
  BinaryNode,
  CallNode,
  FilterNode,
  ForNode,
  MarkNode,
  MemberNode,
  Node,
  OutputNode,
  ValueNode,
} from "./program.ts";
import { type Literal, splitAtSpace, strip } from "./python-text.ts";
import { type JsonOptions, pythonEquals, pythonJson, pythonText } from "./python-values.ts";
import {
  booleanValue,
  integerValue,
  kindOf,
  listValue,
  methodValue,
  type RuntimeValue,
  textValue,
} from "./runtime-values.ts";

// The one place where @huggingface/jinja (0.5.11) is made to compute as Python's Jinja does. What differs:
//
// - printing: None, True, 1.0 and dicts, where the library prints nothing, true, 1 and JSON;
// - `tojson`: floats, large integers, key order, unpaired surrogates, and an error for what is not defined;
// - `strip`, `lstrip`, `rstrip`, `split()` and `trim`: Python's idea of white space, and characters to strip;
// - `==` between different types, `+` between text and something else, `~` of what is not text;
// - attributes of something that is not defined, which raise; loops over it, which do nothing.

export interface RunOptions {
  /** Text to print where a loop comes to a message. */
  readonly marks: ReadonlyMap<RuntimeValue, string>;
  /** Text to print after each loop over messages. */
  readonly endMark: string;
  readonly literal: Literal;
}

export class PythonInterpreter extends Interpreter {
  /** The message that was looked at last, to name it when something goes wrong. */
  lastMessage: RuntimeValue | undefined;
  readonly #options: RunOptions;

  constructor(environment: Environment, options: RunOptions) {
    super(environment);
    this.#options = options;
  }

  override evaluate(node: Node | undefined, environment: Environment): RuntimeValue {
    switch (node?.type) {
      case "Value":
        return (node as ValueNode).known;
      case "Output":
        return textValue(this.#text(this.evaluate((node as OutputNode).expression, environment)));
      case "Mark": {
        const current = environment.lookupVariable((node as MarkNode).variable);
        return textValue(this.#options.marks.get(current) ?? "");
      }
      case "For":
        return this.#loop(node as ForNode, environment);
      case "MemberExpression":
        return this.#member(node as MemberNode, environment);
      case "BinaryExpression":
        return this.#binary(node as BinaryNode, environment);
      case "FilterExpression":
        return this.#filter(node as FilterNode, environment);
      default:
        return super.evaluate(node, environment);
    }
  }

  #text(value: RuntimeValue): string {
    return pythonText(value, this.#options.literal);
  }

  #loop(node: ForNode, environment: Environment): RuntimeValue {
    const { iterable } = node;
    const source = iterable.type === "SelectExpression" ? iterable.lhs : iterable;
    const value = this.evaluate(source, environment);
    const it = kindOf(value);
    const items =
      it.kind === "undefined"
        ? listValue([])
        : it.kind === "str"
          ? listValue([...it.value].map((character) => textValue(character)))
          : value;
    const known = valueNode(items);
    const over = source === iterable ? known : { ...iterable, lhs: known };
    const output = super.evaluate({ ...node, iterable: over } as Node, environment);
    const isOverMessages = it.kind === "list" && it.value.some((item) => this.#options.marks.has(item));
    return isOverMessages ? textValue(`${output.value}${this.#options.endMark}`) : output;
  }

  #member(node: MemberNode, environment: Environment): RuntimeValue {
    const object = this.evaluate(node.object, environment);
    const it = kindOf(object);
    if (this.#options.marks.has(object)) this.lastMessage = object;
    if (it.kind === "undefined") throw new TypeError(`${pathOf(node.object)} is not defined`);
    const known = { ...node, object: valueNode(object) };
    if (it.kind === "str" && !node.computed) {
      const name = String(node.property.value);
      const method = STRING_METHODS[name];
      if (method) return methodValue((args) => method(it.value, args));
      // The library makes all methods of a text anew for each text that one is called of: most of the time that a
      // long conversation takes, were it not for this.
      if (name === "replace")
        return methodValue(
          (args) => replaced(it.value, args) ?? call(super.evaluate(known as Node, environment), args),
        );
    }
    if (it.kind === "dict" && node.property.type !== "SliceExpression") {
      const property = node.computed
        ? this.evaluate(node.property, environment)
        : textValue(String(node.property.value));
      const value = kindOf(property).kind === "str" ? it.value.get(property.value as string) : undefined;
      if (value !== undefined) return value;
      if (node.computed)
        return super.evaluate({ ...known, property: valueNode(property) } as Node, environment);
    }
    return super.evaluate(known as Node, environment);
  }

  #binary(node: BinaryNode, environment: Environment): RuntimeValue {
    const operator = node.operator.value;
    if (operator === "and" || operator === "or") return super.evaluate(node, environment);
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    if (operator === "==") return booleanValue(pythonEquals(left, right));
    if (operator === "!=") return booleanValue(!pythonEquals(left, right));
    if (operator === "~") return textValue(this.#text(left) + this.#text(right));
    if (operator === "+") {
      const kinds = [kindOf(left).kind, kindOf(right).kind];
      if (kinds.includes("str") && kinds[0] !== kinds[1])
        throw new TypeError(`cannot put ${kinds[0]} and ${kinds[1]} together with +`);
    }
    const known = { ...node, left: valueNode(left), right: valueNode(right) };
    return super.evaluate(known as Node, environment);
  }

  #filter(node: FilterNode, environment: Environment): RuntimeValue {
    const call = node.filter.type === "CallExpression" ? (node.filter as CallNode) : undefined;
    const name = String(call ? call.callee.value : (node.filter as { value: unknown }).value);
    if (!["tojson", "string", "trim", "length", "count"].includes(name))
      return super.evaluate(node, environment);

    const operand = this.evaluate(node.operand, environment);
    const argument = (position: number, key: string): RuntimeValue | undefined => {
      const positional = call?.args.filter((entry) => entry.type !== "KeywordArgumentExpression")[position];
      const named = call?.args.find(
        (entry) => entry.key?.value === key && entry.type === "KeywordArgumentExpression",
      );
      const found = named?.value ?? positional;
      return found && this.evaluate(found, environment);
    };
    if (name === "string") return textValue(this.#text(operand));
    if (name === "trim")
      return textValue(strip(this.#text(operand), "both", argument(0, "chars")?.value as string));
    if (name === "tojson")
      return textValue(pythonJson(operand, jsonOptions(argument), this.#options.literal));
    const it = kindOf(operand);
    if (it.kind === "str") return integerValue([...it.value].length);
    return super.evaluate({ ...node, operand: valueNode(operand) } as Node, environment);
  }
}

const STRING_METHODS: Readonly<
  Record<string, (text: string, args: readonly RuntimeValue[]) => RuntimeValue>
> = {
  __proto__: null as never,
  strip: (text, [characters]) => textValue(strip(text, "both", optionalText(characters))),
  lstrip: (text, [characters]) => textValue(strip(text, "left", optionalText(characters))),
  rstrip: (text, [characters]) => textValue(strip(text, "right", optionalText(characters))),
  split: (text, [separator, limit]) => {
    const by = optionalText(separator);
    const most = typeof limit?.value === "number" ? limit.value : -1;
    if (by === "") throw new TypeError("empty separator");
    let parts = by === undefined ? splitAtSpace(text, most) : text.split(by);
    if (by !== undefined && most >= 0 && parts.length > most)
      parts = [...parts.slice(0, most), parts.slice(most).join(by)];
    return listValue(parts.map((part) => textValue(part)));
  },
};

/** `replace` of all there is; undefined for what the library has to look at: a count, nothing, half a character. */
function replaced(text: string, args: readonly RuntimeValue[]): RuntimeValue | undefined {
  const [old, by] = args.map(kindOf);
  if (args.length !== 2 || old?.kind !== "str" || by?.kind !== "str") return undefined;
  if (old.value === "" || /[\ud800-\udfff]/.test(old.value)) return undefined;
  return textValue(text.replaceAll(old.value, () => by.value));
}

function call(method: RuntimeValue, args: readonly RuntimeValue[]): RuntimeValue {
  return (method.value as (args: readonly RuntimeValue[]) => RuntimeValue)(args);
}

function optionalText(value: RuntimeValue | undefined): string | undefined {
  if (value === undefined || kindOf(value).kind === "None") return undefined;
  if (kindOf(value).kind !== "str") throw new TypeError(`expected text, not ${kindOf(value).kind}`);
  return value.value as string;
}

/** The parameters of transformers' `tojson`, in their order. */
function jsonOptions(argument: (position: number, key: string) => RuntimeValue | undefined): JsonOptions {
  const indent = argument(1, "indent")?.value;
  const separators = argument(2, "separators")?.value;
  return {
    ensureAscii: argument(0, "ensure_ascii")?.value === true,
    indent: typeof indent === "number" ? indent : undefined,
    separators: Array.isArray(separators)
      ? (separators.map((part: RuntimeValue) => part.value) as [string, string])
      : undefined,
    sortKeys: argument(3, "sort_keys")?.value === true,
  };
}

function valueNode(known: RuntimeValue): ValueNode {
  return { type: "Value", known };
}

/** An expression as far as it is a path, for an error message. */
function pathOf(node: Node): string {
  if (node.type === "Identifier") return String((node as Node & { value: unknown }).value);
  if (node.type !== "MemberExpression") return "a value";
  const { object, property, computed } = node as MemberNode;
  const key = "value" in property ? String(property.value) : "…";
  return computed ? `${pathOf(object)}[${key}]` : `${pathOf(object)}.${key}`;
}
