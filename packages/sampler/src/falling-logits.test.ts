import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FallingLogits } from "./falling-logits.ts";

describe("FallingLogits", () => {
  const logits = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(-Infinity)), {
    maxLength: 80,
  });

  test("gives what sorting gives: by falling logit, then by rising id, without −∞", () => {
    const order = new FallingLogits();
    fc.assert(
      fc.property(logits, (values) => {
        const sorted = values
          .map((logit, token) => ({ logit, token }))
          .filter(({ logit }) => logit > -Infinity)
          .sort((a, b) => b.logit - a.logit || a.token - b.token)
          .map(({ token }) => token);
        order.reset(Float32Array.from(values));
        const found: number[] = [];
        for (let token = order.next(); token !== undefined; token = order.next()) found.push(token);
        expect(found).toEqual(sorted);
      }),
    );
  });
});
