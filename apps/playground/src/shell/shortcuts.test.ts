import { expect, test } from "vitest";
import { commandOf } from "./shortcuts.ts";

const none = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

test("a letter is a command where nobody is writing, and a letter where somebody is", () => {
  expect(commandOf({ ...none, key: "b" }, false)).toEqual({ type: "panel", name: "branches" });
  expect(commandOf({ ...none, key: "b" }, true)).toBeUndefined();
  expect(commandOf({ ...none, key: "?", shiftKey: true }, false)).toEqual({ type: "shortcuts" });
  expect(commandOf({ ...none, key: "x" }, false)).toBeUndefined();
});

test("the browser's own shortcuts stay the browser's", () => {
  expect(commandOf({ ...none, key: "n", ctrlKey: true }, false)).toBeUndefined();
  expect(commandOf({ ...none, key: "t", metaKey: true }, false)).toBeUndefined();
  expect(commandOf({ ...none, key: "b", altKey: true }, false)).toBeUndefined();
});

test("turns and branches are walked through while writing too, and Escape always works", () => {
  expect(commandOf({ ...none, key: "ArrowUp", altKey: true }, true)).toEqual({ type: "turn", step: -1 });
  expect(commandOf({ ...none, key: "ArrowRight", altKey: true }, true)).toEqual({ type: "branch", step: 1 });
  expect(commandOf({ ...none, key: "Escape" }, true)).toEqual({ type: "escape" });
});
