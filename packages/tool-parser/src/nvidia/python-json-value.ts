/**
 * JSON as Python's `json` module holds it. Numbers keep the type that their spelling gives them, and
 * objects are maps, which keep the order of all keys, even of those that look like numbers.
 */
export type PythonValue =
  | null
  | boolean
  | string
  | PythonInteger
  | PythonFloat
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>;

export class PythonInteger {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}
