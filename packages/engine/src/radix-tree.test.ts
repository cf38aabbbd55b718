import fc from "fast-check";
import { expect, test } from "vitest";
import { RadixTree } from "./radix-tree.ts";

const tokens = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 7 });

test("finds what a list of all prefixes would find, whatever is inserted and removed", () => {
  const action = fc.record({ tokens, removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), tokens, fc.nat(7), (actions, wanted, most) => {
      const tree = new RadixTree<{ key: string }>();
      const stored = new Map<string, { tokens: number[]; value: { key: string } }>();
      for (const { tokens, removes } of actions) {
        const key = tokens.join();
        const known = stored.get(key);
        expect(tree.get(tokens)).toBe(known?.value);
        if (removes && known !== undefined) {
          tree.remove(known.value);
          stored.delete(key);
        } else if (known === undefined) {
          const value = { key };
          tree.insert(tokens, value);
          stored.set(key, { tokens, value });
        }
      }
      expect(tree.size).toBe(stored.size);
      const common = (other: readonly number[]): number => {
        let count = 0;
        while (count < Math.min(other.length, wanted.length) && other[count] === wanted[count]) count++;
        return count;
      };
      const all = [...stored.values()];
      const prefixes = all
        .filter(({ tokens }) => tokens.length <= most && common(tokens) === tokens.length)
        .sort((a, b) => b.tokens.length - a.tokens.length);
      const found = tree.find(wanted, most);
      expect(found.value).toBe(prefixes[0]?.value);
      expect(found.common).toBe(Math.max(0, ...all.map(({ tokens }) => common(tokens))));
    }),
    { numRuns: 400 },
  );
});

test("says at which values on the way others part", () => {
  const tree = new RadixTree<string>();
  tree.insert([1, 2], "system");
  tree.insert([1, 2, 3], "first");
  tree.insert([1, 2, 4, 5], "second");
  expect(tree.find([1, 2, 4, 5, 6])).toEqual({ value: "second", branches: ["system"], common: 4 });
  tree.remove("first");
  expect(tree.find([1, 2, 4, 5, 6]).branches).toEqual([]);
});
