import { floatText, jsonString, type Literal, quoted } from "./python-text.ts";
import { integerText, kindOf, type RuntimeValue } from "./runtime-values.ts";

// How Python writes and compares values.

/** `str(value)`, which is what `{{ value }}` puts into the prompt. */
export function pythonText(value: RuntimeValue, literal: Literal): string {
  const it = kindOf(value);
  if (it.kind === "str") return it.value;
  return it.kind === "undefined" ? "" : pythonRepr(value, literal);
}

function pythonRepr(value: RuntimeValue, literal: Literal): string {
  const it = kindOf(value);
  switch (it.kind) {
    case "str":
      return quoted(it.value, literal);
    case "int":
      return integerText(value);
    case "float":
      return floatText(it.value);
    case "bool":
      return it.value ? "True" : "False";
    case "None":
      return "None";
    case "list":
      return `[${it.value.map((item) => pythonRepr(item, literal)).join(", ")}]`;
    case "dict": {
      const entries = [...it.value].map(
        ([key, item]) => `${quoted(key, literal)}: ${pythonRepr(item, literal)}`,
      );
      return `{${entries.join(", ")}}`;
    }
    default:
      return String(value);
  }
}

export interface JsonOptions {
  readonly ensureAscii?: boolean;
  readonly indent?: number | undefined;
  readonly separators?: readonly [item: string, key: string] | undefined;
  readonly sortKeys?: boolean;
}

/**
 * `json.dumps` as the `tojson` filter of transformers calls it.
 *
 * @throws {TypeError} for a value that is not defined, as Python does.
 */
export function pythonJson(value: RuntimeValue, options: JsonOptions, literal: Literal): string {
  const { ensureAscii = false, indent, sortKeys = false } = options;
  const [itemSeparator, keySeparator] = options.separators ?? [indent === undefined ? ", " : ",", ": "];

  const group = (open: string, items: string[], close: string, depth: number): string => {
    if (items.length === 0) return open + close;
    if (indent === undefined) return open + items.join(itemSeparator) + close;
    const outer = `\n${" ".repeat(indent * depth)}`;
    const inner = outer + " ".repeat(indent);
    return open + inner + items.join(itemSeparator + inner) + outer + close;
  };
  const write = (value: RuntimeValue, depth: number): string => {
    const it = kindOf(value);
    switch (it.kind) {
      case "str":
        return jsonString(it.value, ensureAscii, literal);
      case "int":
        return integerText(value);
      case "float":
        return Number.isFinite(it.value) ? floatText(it.value) : jsonNonFinite(it.value);
      case "bool":
        return String(it.value);
      case "None":
        return "null";
      case "list":
        return group(
          "[",
          it.value.map((item) => write(item, depth + 1)),
          "]",
          depth,
        );
      case "dict": {
        const entries = [...it.value];
        if (sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
        const items = entries.map(
          ([key, item]) => jsonString(key, ensureAscii, literal) + keySeparator + write(item, depth + 1),
        );
        return group("{", items, "}", depth);
      }
      default:
        throw new TypeError("a value that is not defined cannot be written as JSON");
    }
  };
  return write(value, 0);
}

function jsonNonFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** `a == b`: numbers and booleans by value, containers item by item, nothing across other types. */
export function pythonEquals(a: RuntimeValue, b: RuntimeValue): boolean {
  const left = kindOf(a);
  const right = kindOf(b);
  const isNumber = (it: typeof left) => it.kind === "int" || it.kind === "float" || it.kind === "bool";
  if (isNumber(left) && isNumber(right)) return Number(a.value) === Number(b.value);
  if (left.kind !== right.kind) return false;
  if (left.kind === "list" && right.kind === "list")
    return (
      left.value.length === right.value.length &&
      left.value.every((item, i) => pythonEquals(item, right.value[i]!))
    );
  if (left.kind === "dict" && right.kind === "dict")
    return (
      left.value.size === right.value.size &&
      [...left.value].every(
        ([key, item]) => right.value.has(key) && pythonEquals(item, right.value.get(key)!),
      )
    );
  return a.value === b.value;
}
