import { Environment, type Interpreter } from "@huggingface/jinja";
import { ChatTemplateError, describe } from "./chat-template-error.ts";
import { DEEPEST, JsonNumber, tooDeep, writtenKeys } from "./exact-json.ts";

// @huggingface/jinja computes with classes of its own, which it does not export. They are taken here from
// values that it makes itself, so that messages can be handed to it without a detour through plain objects,
// which would lose the order of keys and what kind of number a number is.

/** What the library's interpreter takes and gives. */
export type RuntimeValue = ReturnType<Interpreter["evaluate"]>;

type ValueClass<T> = new (value?: T) => RuntimeValue;

function classOf<T>(example: unknown): ValueClass<T> {
  return new Environment().set("example", example).constructor as ValueClass<T>;
}

const StringValue = classOf<string>("");
const IntegerValue = classOf<number>(1);
const FloatValue = classOf<number>(0.5);
const BooleanValue = classOf<boolean>(true);
const NullValue = classOf<null>(null);
const UndefinedValue = classOf<undefined>(undefined);
const ArrayValue = classOf<RuntimeValue[]>([]);
const ObjectValue = classOf<Map<string, RuntimeValue>>({});
const FunctionValue = classOf<(args: RuntimeValue[]) => RuntimeValue>(() => null);

/** A value by its Python kind, for a `switch`. */
export type Kind =
  | { readonly kind: "str"; readonly value: string }
  | { readonly kind: "int" | "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "list"; readonly value: readonly RuntimeValue[] }
  | { readonly kind: "dict"; readonly value: ReadonlyMap<string, RuntimeValue> }
  | { readonly kind: "None" | "undefined" | "other" };

const KINDS: Readonly<Record<string, Kind["kind"]>> = {
  StringValue: "str",
  IntegerValue: "int",
  FloatValue: "float",
  BooleanValue: "bool",
  ArrayValue: "list",
  TupleValue: "list",
  ObjectValue: "dict",
  NullValue: "None",
  UndefinedValue: "undefined",
};

export function kindOf(value: RuntimeValue): Kind {
  return { kind: KINDS[value.type] ?? "other", value: value.value } as Kind;
}

export const textValue = (value: string): RuntimeValue => new StringValue(value);
export const integerValue = (value: number): RuntimeValue => new IntegerValue(value);
export const booleanValue = (value: boolean): RuntimeValue => new BooleanValue(value);
export const listValue = (items: RuntimeValue[]): RuntimeValue => new ArrayValue(items);
export const methodValue = (call: (args: RuntimeValue[]) => RuntimeValue): RuntimeValue =>
  new FunctionValue(call);

/** Digits of integers beyond 2⁵³, which the number itself cannot hold. */
const writtenIntegers = new WeakMap<RuntimeValue, string>();

/** The decimal digits of an integer value. */
export function integerText(value: RuntimeValue): string {
  return writtenIntegers.get(value) ?? BigInt(value.value as number).toString();
}

/**
 * A JSON value as Python would see it. A JavaScript number is what Python reads from `JSON.stringify` of it,
 * so 1 is an int, 0.5 and 1e21 are floats; {@link JsonNumber} is what Python reads from its text.
 *
 * @param mapText - applied to every string, keys included (with the path of their object).
 * @param path - where the value stands, for errors.
 * @throws {ChatTemplateError} `TEMPLATE_VALUE` for what JSON cannot hold or is nested too deeply, with its path.
 */
export function toRuntimeValue(
  value: unknown,
  mapText: (text: string, path: string) => string = (text) => text,
  path = "value",
  depth = 0,
): RuntimeValue {
  if (depth > DEEPEST) throw tooDeep(path);
  switch (typeof value) {
    case "string":
      return new StringValue(mapText(value, path));
    case "boolean":
      return new BooleanValue(value);
    case "bigint":
      return readNumber(value.toString());
    case "number":
      if (Number.isFinite(value)) return readNumber(JSON.stringify(value));
      break;
    case "undefined":
      return new UndefinedValue();
    case "object":
      if (value === null) return new NullValue();
      if (value instanceof JsonNumber) return readNumber(value.text);
      if (Array.isArray(value))
        return new ArrayValue(
          value.map((item, i) => toRuntimeValue(item ?? null, mapText, `${path}[${i}]`, depth + 1)),
        );
      return new ObjectValue(
        new Map(
          writtenKeys(value)
            .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
            .filter(([, item]) => item !== undefined)
            .map(([key, item]) => [
              mapText(key, path),
              toRuntimeValue(item, mapText, `${path}.${key}`, depth + 1),
            ]),
        ),
      );
  }
  throw new ChatTemplateError({
    code: "TEMPLATE_VALUE",
    message: `${path} is ${describe(value)}, which JSON cannot hold.`,
    field: path,
    expected: "a JSON value",
    actual: value,
  });
}

function readNumber(written: string): RuntimeValue {
  if (/[.eE]/.test(written)) return new FloatValue(Number(written));
  // Python has no negative zero among the integers.
  const value = new IntegerValue(Number(written) + 0);
  if (!Number.isSafeInteger(Number(written))) writtenIntegers.set(value, BigInt(written).toString());
  return value;
}
