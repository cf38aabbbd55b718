import {
  type Backend,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Executable,
  SETTING_COLUMNS,
  SettingColumn,
} from "@krait/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relativeError } from "./equality-subject.ts";
import { type Fixture, type FixtureName, openFixture } from "./fixtures.ts";
import { RowRunner } from "./row-runner.ts";
import type { LoadRunnableModel, RunnableModel } from "./runnable-model.ts";

const PROMPTS = [1, 7, 64, 300];
const GREEDY_TOKENS = 32;

/** A model that can draw tokens too. */
export interface SamplingModel extends RunnableModel {
  readonly sample: Executable;
  readonly sizes: { readonly maxBiases: number };
}

export interface GoldenOptions {
  /** How `@krait/models` loads a checkpoint. */
  readonly load: LoadRunnableModel<SamplingModel>;
  /** Both unless given. */
  readonly fixtures?: readonly FixtureName[];
  /** Rows of a prefill chunk: the whole prompt, some that leave a rest, and single tokens unless given. */
  readonly chunks?: readonly number[];
}

/** Registers tests of a backend against what the oracle recorded: logits, and tokens drawn greedily. */
export function describeGolden(
  createBackend: () => Promise<Backend>,
  { load, fixtures = ["tiny-a", "tiny-b"], chunks = [300, 7, 1] }: GoldenOptions,
): void {
  describe.each(fixtures)("%s", (name) => {
    let fixture: Fixture;
    let backend: Backend;
    let model: SamplingModel;
    let runner: RowRunner;

    beforeAll(async () => {
      fixture = await openFixture(name);
      backend = await createBackend();
      const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
      const sizes = {
        maxContext: 352,
        maxSequences: 2,
        maxKvTokens: 704,
        chunkRows: 300,
        maxOutputRows: 300,
        kvDtype: "f32",
      } as const;
      model = await load({ name, config, weights: await fixture.model.weights() }, backend, sizes);
      runner = new RowRunner(model, backend);
    });
    afterAll(async () => {
      runner?.dispose();
      model?.[Symbol.dispose]();
      await backend?.[Symbol.asyncDispose]();
    });

    test.each(PROMPTS.flatMap((length) => chunks.map((chunk) => [length, chunk] as const)))(
      "a prompt of %i tokens in chunks of %i leaves the oracle's logits",
      async (length, chunk) => {
        runner.clear(0);
        const ids = fixture.golden.integers(`p${length}.ids`);
        const logits: Float32Array[] = [];
        for (let start = 0; start < ids.length; start += chunk) {
          const [rows] = await runner.run([{ slot: 0, tokens: ids.slice(start, start + chunk) }]);
          const columns = rows!.length / Math.min(chunk, ids.length - start);
          for (let at = 0; at < rows!.length; at += columns) logits.push(rows!.slice(at, at + columns));
        }
        const positions = fixture.golden.integers(`p${length}.logits_pos`);
        const got = Float32Array.from(positions.flatMap((position) => [...logits[position]!]));
        const want = fixture.golden.floats(`p${length}.logits`).values;
        expect(relativeError(got, want)).toBeLessThanOrEqual(fixture.tolerance);
      },
    );

    test.each(PROMPTS)(
      `${GREEDY_TOKENS} greedy tokens after a prompt of %i are the oracle's`,
      async (length) => {
        runner.clear(0);
        const ids = fixture.golden.integers(`p${length}.ids`);
        if (length > 1) await runner.run([{ slot: 0, tokens: ids.slice(0, -1) }]);
        await runner.run([{ slot: 0, tokens: ids.slice(-1) }]); // alone: its logits are the first row
        expect(await drawGreedily(model, runner, length)).toEqual(
          fixture.golden.integers(`p${length}.greedy`),
        );
      },
    );
  });
}

/** Draws tokens and runs them, from the logits in the first output row on. */
async function drawGreedily(model: SamplingModel, runner: RowRunner, length: number): Promise<number[]> {
  const logits = runner.step.outputs.logits!;
  using sample = model.sample.bind({ weights: {}, states: { ...runner.states, logits } });
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.topP] = 1;
  setting[SettingColumn.repetitionPenalty] = 1;
  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.maskRow] = -1;
  const biasToken = new Int32Array(model.sizes.maxBiases).fill(-1);
  const tokens: number[] = [];
  for (let position = length; tokens.length < GREEDY_TOKENS; position++) {
    sample.run(
      { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 },
      { slot: Int32Array.of(0), position: Int32Array.of(position), setting, choice, biasToken },
    );
    const bytes = await sample.outputs.token!.read(0, 4);
    tokens.push(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true));
    // −1 is the token that the slot sampled last: nothing comes back from the host.
    await runner.run([{ slot: 0, tokens: [-1] }]);
  }
  return tokens;
}
