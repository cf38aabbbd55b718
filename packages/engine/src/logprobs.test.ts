import { createCpuBackend } from "@krait/backend-cpu";
import { architectureOf, loadModel } from "@krait/models";
import { openFixture } from "@krait/testing";
import { expect, test } from "vitest";
import { collect, tokensOf } from "../testing/generate.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { TokenEvent } from "./events.ts";
import type { GenerateRequest } from "./request.ts";

const fixture = await openFixture("tiny-a");
const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
const ids = fixture.golden.integers("p300.ids");
const sampling = { temperature: 0.9, topP: 0.95, repetitionPenalty: 1.2, seed: 5 };
const asking: GenerateRequest = {
  prompt: ids.slice(40, 60),
  maxTokens: 6,
  sampling: { ...sampling, logprobs: 2 },
};

/** An engine that notes how many output rows it computes log-probabilities for. */
async function open(lookahead: boolean, deterministic = false) {
  const backend = await createCpuBackend();
  await using file = await fixture.model.weights();
  const model = await loadModel(architectureOf(config), file, backend, { maxContext: 512, maxSequences: 3 });
  const scored: number[] = [];
  const logprobs: typeof model.logprobs = {
    ...model.logprobs,
    bind(buffers) {
      const step = model.logprobs.bind(buffers);
      const run: typeof step.run = (extents, feeds) => {
        scored.push(extents.outputRows);
        step.run(extents, feeds);
      };
      return { outputs: step.outputs, run, [Symbol.dispose]: () => step[Symbol.dispose]() };
    },
  };
  return { engine: createEngine({ ...model, logprobs }, backend, { lookahead, deterministic }), scored };
}

const answer = async (engine: Engine, request: GenerateRequest): Promise<TokenEvent[]> =>
  tokensOf(await collect(engine.generate(request)));

test.each([
  [false, false],
  [true, false],
  [true, true],
])(
  "nobody's tokens depend on whether somebody asks for log-probabilities, which only his steps compute (looking ahead: %s, deterministic: %s)",
  async (lookahead, deterministic) => {
    const plain = [0, 20].map((start) => ({ prompt: ids.slice(start, start + 9), maxTokens: 15, sampling }));
    const alone = await open(lookahead, deterministic);
    const expected = [];
    for (const request of plain) expected.push(await answer(alone.engine, request));
    expect(alone.scored).toEqual([]);
    const asked = await answer(alone.engine, asking);
    const steps = alone.scored.length;
    expect(asked.map(({ logprob }) => typeof logprob)).toEqual(Array(6).fill("number"));
    const unasked = await answer(alone.engine, { ...asking, sampling });
    expect(unasked.map(({ token }) => token)).toEqual(asked.map(({ token }) => token));
    expect(alone.scored).toHaveLength(steps);

    const together = await open(lookahead, deterministic);
    const [first, second, other] = await Promise.all(
      [...plain, asking].map((request) => answer(together.engine, request)),
    );
    expect([first, second]).toEqual(expected);
    expect(other).toEqual(asked);
    expect(together.scored).toHaveLength(steps);
    await Promise.all([alone, together].map(({ engine }) => engine.dispose()));
  },
);
