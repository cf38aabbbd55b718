import { expect, test } from "vitest";
import { StandIns } from "./stand-ins.ts";

test("a character has one stand-in, and comes back for it", () => {
  const standIns = new StandIns();
  const hidden = standIns.for("<");
  expect(standIns.for("<")).toBe(hidden);
  expect(standIns.for("/")).not.toBe(hidden);
  expect(standIns.restore(`a${hidden}b${standIns.for("/")}`)).toBe("a<b/");
});

test("marks are unlike each other and vanish", () => {
  const standIns = new StandIns();
  const [one, two] = [standIns.mark(), standIns.mark()];
  expect(one).not.toBe(two);
  expect(standIns.restore(`a${one}${two}b`)).toBe("ab");
});

test("characters of the input are never taken, and stay", () => {
  const standIns = new StandIns();
  const input = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i)).join("");
  standIns.avoid(input);
  const hidden = standIns.for("<");
  expect(input).not.toContain(hidden);
  expect(standIns.restore(input + hidden)).toBe(`${input}<`);
});

test("when the input has them all there is an error, not a wrong prompt", () => {
  const standIns = new StandIns();
  standIns.avoid(Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).join(""));
  expect(() => standIns.mark()).toThrow(expect.objectContaining({ code: "TEMPLATE_PIECES" }));
});
