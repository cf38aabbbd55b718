import { scanJsonTokens } from "./json-tokens.ts";

/** Deeper than any header or index needs, and shallow enough that a hostile one cannot use up memory. */
const MAX_DEPTH = 16;

/** One object has two members of one name. `JSON.parse` would keep the last and say nothing. */
export class DuplicateKeyError extends SyntaxError {
  readonly key: string;

  constructor(key: string) {
    super("a name appears twice");
    this.key = key;
  }
}

/**
 * `JSON.parse` for files that strangers wrote.
 *
 * @throws {DuplicateKeyError} when an object has two members of one name.
 * @throws {SyntaxError} when it is not JSON, or nested deeper than 16 levels.
 */
export function parseStrictJson(json: string): unknown {
  refuseDuplicatesAndDepth(json);
  return JSON.parse(json);
}

function refuseDuplicatesAndDepth(json: string): void {
  const keysOfOpen: Set<string>[] = [];
  let last = "";
  scanJsonTokens(json, (start, end) => {
    const mark = json[start];
    if (mark === "{" || mark === "[") {
      if (keysOfOpen.push(new Set()) > MAX_DEPTH)
        throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    } else if (mark === "}" || mark === "]") {
      keysOfOpen.pop();
    } else if (mark === ":") {
      const key = String(JSON.parse(last));
      const keys = keysOfOpen.at(-1);
      if (keys?.has(key)) throw new DuplicateKeyError(key);
      keys?.add(key);
    } else {
      last = json.slice(start, end);
    }
  });
}
