import { PythonFloat, PythonInteger, type PythonValue } from "./python-json-value.ts";

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
};

/** What `json.dumps(value, ensure_ascii=False)` returns. */
export function writePythonJson(value: PythonValue): string {
  if (typeof value === "string") return writeString(value);
  if (value instanceof PythonInteger) return value.value.toString();
  if (value instanceof PythonFloat) return writeFloat(value.value);
  if (isDict(value)) {
    const members = [...value].map(([key, member]) => `${writeString(key)}: ${writePythonJson(member)}`);
    return `{${members.join(", ")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writePythonJson).join(", ")}]`;
  return String(value); // null, true, false
}

export function isDict(value: PythonValue): value is ReadonlyMap<string, PythonValue> {
  return value instanceof Map;
}

function writeString(text: string): string {
  const escaped = text.replace(
    /[\u0000-\u001f"\\]/g,
    (char) => SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/** Python's `repr`: the shortest digits, as in JavaScript, but another notation. */
function writeFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  const [mantissa = "", exponentText = ""] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const digits = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
