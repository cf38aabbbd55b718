import { expect, test } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { checkRevision, loadAddon } from "./addon.ts";

test("an addon whose kernels are of another revision is not loaded", () => {
  expect(() => checkRevision({ revision: 0 })).toThrow(/its kernels are of revision 0/);
});

await onNative(() => {
  test("the addon opens nothing for callers of another revision, or from before there were any", () => {
    const addon = loadAddon();
    const openWithout = addon.open as (threads: number, instructionSet: string) => unknown;
    expect(() => addon.open(1, "baseline", addon.revision + 1)).toThrow(/other versions/);
    expect(() => openWithout(1, "baseline")).toThrow(/other versions/);
  });
});
