const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether brackets stand more than `limit` deep in a JSON text. What is parsed is walked by recursion later,
 * so the depth is bounded here, before there is anything to walk.
 */
export function nestingExceeds(json: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    // [ and {, ] and } differ from each other in one bit each.
    else if ((code & ~0x20) === 0x5b) {
      if (++depth > limit) return true;
    } else if ((code & ~0x20) === 0x5d) depth--;
  }
  return false;
}
