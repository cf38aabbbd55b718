import { expect, test } from "vitest";
import { regexLengths } from "../regex/regex-lengths.ts";
import { formats } from "./formats.ts";

// RFC 1035 (2.3.4) and RFC 5321 (4.5.3.1): lengths that no text of these formats may have.
test.each([
  ["hostname", 253],
  ["email", 254],
  ["date", 10],
  ["ipv4", 15],
  ["ipv6", 39],
  ["uuid", 36],
])("no %s is longer than %d characters", (format, most) => {
  expect(regexLengths(formats[format]!)[1]).toBeLessThanOrEqual(most);
});

test.each<[string, readonly [number, number]]>([
  ["^$", [0, 0]],
  ["a", [1, Infinity]],
  ["^a?b{2,4}$|^[cd]$", [1, 5]],
  ["^(?:ab|c*)\\d$", [1, Infinity]],
  ["^(a{0}){3,}$", [0, 0]],
  ["^\u{1f600}.$", [2, 2]],
])("texts that match /%s/ are of these lengths: %j", (pattern, lengths) => {
  expect(regexLengths(pattern)).toEqual(lengths);
});
