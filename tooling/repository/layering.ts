/** One import of one package by another, by any file of the importer. */
export interface PackageImport {
  readonly from: string;
  readonly to: string;
  readonly kind: "static" | "dynamic" | "type";
  /** Tests may reach what users of a package bring themselves, such as a backend. */
  readonly test: boolean;
}

/** Packages import from lower rows only, never from their own. Backends all stand in row 3. */
const rows: Readonly<Record<string, number>> = {
  "@krait/tensor": 1,
  "@krait/tokenizer": 2,
  "@krait/chat-template": 2,
  "@krait/tool-parser": 2,
  "@krait/sampler": 2,
  "@krait/grammar": 2,
  "@krait/weights": 2,
  "@krait/hub": 2,
  "@krait/cpu-kernels": 2,
  "@krait/tiny-model": 2,
  "@krait/models": 3,
  "@krait/engine": 4,
  krait: 5,
  "@krait/worker": 6,
  "@krait/server": 6,
  "@krait/example-server": 7,
  "@krait/cli": 7,
  "@krait/playground": 7,
};

/** Worth installing alone: text in, text out. */
const standAlone = new Set([
  "@krait/tokenizer",
  "@krait/chat-template",
  "@krait/tool-parser",
  "@krait/sampler",
  "@krait/grammar",
  "@krait/tiny-model",
]);

/** Beside the rows: it compares backends with the reference, and only tests import it. */
const testing = "@krait/testing";

/** Why an import breaks the layering, or `undefined` when it does not. */
export function layeringProblem({ from, to, kind, test }: PackageImport): string | undefined {
  if (to === testing) return test ? undefined : "only tests import @krait/testing";
  if (from === testing) return rowOf(to) <= 3 ? undefined : "@krait/testing stands below the engine";
  if (standAlone.has(from)) return test ? undefined : `${from} imports nothing of Krait's`;
  // A test may bring any backend and any model; the sources of what it tests may not.
  if (test) return rowOf(to) <= Math.max(3, rowOf(from)) ? undefined : `${to} is above ${from}`;
  if (rowOf(to) >= rowOf(from)) return `${to} is not in a lower row than ${from}`;
  if (!isBackend(to) || kind === "type") return undefined;
  if (rowOf(from) < 5) return "only krait and the apps name a backend";
  return kind === "dynamic"
    ? undefined
    : "a backend is imported dynamically, so that nobody loads one unused";
}

/** @throws when nobody has said where the package stands. */
export function rowOf(name: string): number {
  if (isBackend(name)) return 3;
  const row = rows[name];
  if (row === undefined)
    throw new Error(`${name} has no row in tooling/repository/layering.ts: say where it stands.`);
  return row;
}

function isBackend(name: string): boolean {
  return name.startsWith("@krait/backend-");
}
