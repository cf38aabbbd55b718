import { createSampler } from "@krait/sampler";
import { anyDraw, type Draw, drawOn, maskedDraws } from "@krait/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createWasmBackend } from "./index.ts";

/** The token that @krait/sampler draws; −1 where there is nothing to draw from. */
function wantedOf({ position, logits, ...options }: Draw): number {
  try {
    return createSampler(options).sample(Float32Array.from(logits), { position }).token;
  } catch {
    return -1;
  }
}

test("any draw is the token that @krait/sampler draws", async () => {
  await using backend = await createWasmBackend();
  // Now and then one logit of any size.
  const wildDraw = fc
    .tuple(anyDraw, fc.option(fc.float({ noNaN: true })))
    .map(([draw, logit]) => (logit === null ? draw : { ...draw, logits: draw.logits.with(7, logit) }));
  const draws = [anyDraw, wildDraw].flatMap((draw) => fc.sample(draw, { numRuns: 750, seed: 1 }));
  const wanted = draws.map(wantedOf);
  expect(await drawOn(backend, draws)).toEqual(wanted);
  expect(wanted).toContain(-1);
});

test("a mask is applied before top-k, which then has tokens to choose from", async () => {
  await using backend = await createWasmBackend();
  const { drawn, expected } = await maskedDraws(backend);
  expect(drawn).toEqual(expected);
});
