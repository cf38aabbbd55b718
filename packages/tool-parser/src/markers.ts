export const THINK_START = "<think>";
export const THINK_END = "</think>";
export const TOOL_CALL_START = "<TOOLCALL>";
export const TOOL_CALL_END = "</TOOLCALL>";

/**
 * What a text that begins with `<` is: a marker, the beginning of one, or neither. No marker has a
 * second `<`, so a text that turns out to be neither can at most be followed by a marker.
 */
export function matchMarker(text: string, markers: readonly string[]): "whole" | "partial" | "none" {
  if (markers.includes(text)) return "whole";
  return markers.some((marker) => marker.startsWith(text)) ? "partial" : "none";
}

/** White space of JSON, which is also what is dropped beside markers. */
export function isSpace(char: string): boolean {
  return char === " " || char === "\n" || char === "\t" || char === "\r";
}
