import type { Backend } from "@krait/tensor";
import { afterAll, beforeAll, describe, test } from "vitest";
import { equalities } from "./equalities.ts";
import { type Equality, EqualitySubject } from "./equality-subject.ts";
import { type FixtureName, openFixture } from "./fixtures.ts";
import { randomModel } from "./random-model.ts";
import type { LoadRunnableModel, ModelSource } from "./runnable-model.ts";

export interface EqualityOptions extends Equality {
  /** How `@krait/models` loads a checkpoint. */
  readonly load: LoadRunnableModel;
}

/**
 * Registers the equalities that every backend must keep, on the fixtures and on small random models, at
 * the level of single steps: batch of n = n single runs; any chunking of the prompt = whole prompt;
 * replay = first run; restore = continue, of a copy and of a mark; fork then diverge = two runs.
 *
 * They need no golden data, and catch what goes wrong with states: a slot used again without being
 * cleared, a token counted twice, a mark that is off by one, a page that somebody else sees.
 */
export async function describeEqualities(
  createBackend: () => Promise<Backend>,
  { load, ...equality }: EqualityOptions,
): Promise<void> {
  const sources = await Promise.all([
    fixtureModel("tiny-a"),
    fixtureModel("tiny-b"),
    ...[1, 2, 3].map((seed) => randomModel(seed)),
  ]);
  describe.each(sources)("$name", (source) => {
    let backend: Backend;
    let subject: EqualitySubject;
    beforeAll(async () => {
      backend = await createBackend();
      subject = await EqualitySubject.load(source, backend, load, equality);
    });
    afterAll(async () => {
      subject?.dispose();
      await backend?.[Symbol.asyncDispose]();
    });
    test.each(equalities)("$name", async ({ check }) => await check(subject));
  });
}

async function fixtureModel(name: FixtureName): Promise<ModelSource> {
  const { model } = await openFixture(name);
  const config = (await model.json("config.json")) as ModelSource["config"];
  return { name, config, weights: await model.weights() };
}
