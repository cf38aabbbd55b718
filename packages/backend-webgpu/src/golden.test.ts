import { architectureOf, loadModel, type Model, type ModelConfig } from "@krait/models";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import { type Fixture, openFixture, RowRunner, relativeError } from "@krait/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend } from "./index.ts";

const PROMPTS = [1, 7, 64, 300];

await withAdapter("golden models", () => {
  // The smaller one alone: a software driver is slow.
  describe.each(["tiny-a"] as const)("%s", (name) => {
    let fixture: Fixture;
    let model: Model;
    let runner: RowRunner;

    beforeAll(async () => {
      fixture = await openFixture(name);
      const backend = await createWebGPUBackend();
      model = await loadModel(
        architectureOf((await fixture.model.json("config.json")) as ModelConfig),
        await fixture.model.weights(),
        backend,
        {
          maxContext: 352,
          maxSequences: 2,
          maxKvTokens: 704,
          chunkRows: 300,
          maxOutputRows: 300,
          kvDtype: "f32",
        },
      );
      runner = new RowRunner(model, backend);
    });
    afterAll(() => {
      runner.dispose();
      model[Symbol.dispose]();
    });

    /** Runs a prompt in chunks; the logits of each of its tokens. */
    async function run(ids: readonly number[], chunk: number): Promise<Float32Array[]> {
      const { vocabularySize } = model.architecture;
      const rows: Float32Array[] = [];
      runner.clear(0);
      for (let start = 0; start < ids.length; start += chunk) {
        const [logits] = await runner.run([{ slot: 0, tokens: ids.slice(start, start + chunk) }]);
        for (let at = 0; at < logits!.length; at += vocabularySize) {
          rows.push(logits!.subarray(at, at + vocabularySize));
        }
      }
      return rows;
    }

    test.each(PROMPTS.flatMap((length) => [300, 7].map((chunk) => [length, chunk] as const)))(
      "a prompt of %i tokens in chunks of %i leaves the oracle's logits",
      async (length, chunk) => {
        const rows = await run(fixture.golden.integers(`p${length}.ids`), chunk);
        const got = fixture.golden
          .integers(`p${length}.logits_pos`)
          .flatMap((position) => [...rows[position]!]);
        const want = fixture.golden.floats(`p${length}.logits`).values;
        expect(relativeError(Float32Array.from(got), want)).toBeLessThanOrEqual(fixture.tolerance);
      },
    );

    test.each(PROMPTS)("32 greedy tokens after a prompt of %i are the oracle's", async (length) => {
      const ids = fixture.golden.integers(`p${length}.ids`);
      await run(ids.slice(0, -1), 300);
      if (length === 1) runner.clear(0);
      await runner.run([{ slot: 0, tokens: ids.slice(-1) }]); // alone, so that its logits are the first
      const logits = runner.step.outputs.logits!;
      const sample = model.sample.bind({ weights: {}, states: { ...runner.states, logits } });
      const setting = new Float32Array(SETTING_COLUMNS);
      setting[SettingColumn.topP] = 1;
      setting[SettingColumn.repetitionPenalty] = 1;
      const choice = new Int32Array(CHOICE_COLUMNS);
      choice[ChoiceColumn.maskRow] = -1;
      const biasToken = new Int32Array(model.sizes.maxBiases).fill(-1);
      const tokens: number[] = [];
      for (let position = length; tokens.length < 32; position++) {
        sample.run(
          { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 },
          { slot: Int32Array.of(0), position: Int32Array.of(position), setting, choice, biasToken },
        );
        const bytes = await sample.outputs.token!.read(0, 4);
        tokens.push(new DataView(bytes.buffer).getInt32(0, true));
        // −1 is the token that the slot sampled last: nothing comes back from the host.
        await runner.run([{ slot: 0, tokens: [-1] }]);
      }
      sample[Symbol.dispose]();
      expect(tokens).toEqual(fixture.golden.integers(`p${length}.greedy`));
    });
  });
});
