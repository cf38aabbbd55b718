import { expect, test } from "vitest";
import { bytesText, counted, digits, percentText, secondsText } from "./quantities.ts";

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [6_141_344, "6.14 MB"],
  [999_900, "1 MB"],
  [17_776_454_656, "17.8 GB"],
])("%d bytes read %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, "< 0.1 s"],
  [0.05, "0.1 s"],
  [9.96, "10 s"],
  [59.7, "1 min 00 s"],
  [185, "3 min 05 s"],
])("%d seconds read %s", (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});

test("counts, shares and rates are short", () => {
  expect(counted(1, "token")).toBe("1 token");
  expect(counted(1024, "token")).toBe("1,024 tokens");
  expect(counted(2, "branch", "branches")).toBe("2 branches");
  expect([0.968, 0.0042, 0.0004].map(percentText)).toEqual(["97 %", "0.4 %", "< 0.1 %"]);
  expect([2145.3, 31.42, 0.824, 7].map(digits)).toEqual(["2,145", "31.4", "0.82", "7"]);
});
