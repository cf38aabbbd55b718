import { createCpuBackend } from "@krait/backend-cpu";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import { type Fixture, openFixture, RowRunner, relativeError } from "@krait/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { loadModel, type Model } from "./load-model.ts";

const PROMPTS = [1, 7, 64, 300];
/** Rows of a prefill chunk: the whole prompt, single tokens, and sizes that no chunk of the scan is a multiple of. */
const CHUNKS = [300, 1, 7, 64];

describe.each(["tiny-a", "tiny-b"] as const)("%s", (name) => {
  let fixture: Fixture;
  let model: Model;
  let runner: RowRunner;

  beforeAll(async () => {
    fixture = await openFixture(name);
    const { model: folder } = fixture;
    const backend = await createCpuBackend();
    model = await loadModel(
      architectureOf((await folder.json("config.json")) as ModelConfig),
      await folder.weights(),
      backend,
      { maxContext: 352, maxSequences: 3, maxKvTokens: 3 * 352, chunkRows: 300, maxOutputRows: 300 },
    );
    runner = new RowRunner(model, backend);
  });
  afterAll(() => {
    runner.dispose();
    model[Symbol.dispose]();
  });

  /** Runs tokens that follow those in the slot; gives the logits of each, by its place among them. */
  async function run(slot: number, ids: readonly number[], chunk: number): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    const { vocabularySize } = model.architecture;
    for (let start = 0; start < ids.length; start += chunk) {
      const [logits] = await runner.run([{ slot, tokens: ids.slice(start, start + chunk) }]);
      for (let at = 0; at < logits!.length; at += vocabularySize)
        rows.push(logits!.subarray(at, at + vocabularySize));
    }
    return rows;
  }

  /** The error of the logits at the recorded positions from `first` on; `rows` start there. */
  function logitsError(length: number, rows: readonly Float32Array[], first = 0): number {
    const positions = fixture.golden.integers(`p${length}.logits_pos`);
    const { values, shape } = fixture.golden.floats(`p${length}.logits`);
    const columns = shape[1]!;
    const compared = positions.flatMap((position, index) =>
      position < first ? [] : [{ got: rows[position - first]!, index }],
    );
    const got = Float32Array.from(compared.flatMap(({ got }) => [...got]));
    const want = compared.flatMap(({ index }) => [
      ...values.subarray(index * columns, (index + 1) * columns),
    ]);
    return relativeError(got, Float32Array.from(want));
  }

  /** Recorded states that slot 0 does not have within the tolerance, with their errors. */
  async function wrongStates(prefix: string): Promise<[name: string, error: number][]> {
    const states = await runner.slotState(0);
    const names = fixture.golden.names.filter((tensor) => tensor.startsWith(prefix));
    expect(names.length).toBeGreaterThanOrEqual(8);
    return names
      .map((tensor): [string, number] => {
        const [layer, kind] = tensor.slice(prefix.length).split(".");
        const state = { conv: "window", ssm: "recurrent", k: "keys", v: "values" }[kind!];
        const got = states[`layers.${layer}.${state}`]!;
        const want = fixture.golden.floats(tensor).values;
        return [tensor, relativeError(new Float32Array(got.slice().buffer), want)];
      })
      .filter(([, error]) => !(error <= fixture.tolerance));
  }

  describe.each(CHUNKS)("in chunks of %i", (chunk) => {
    test.each(PROMPTS)(
      "the %i-token prompt leaves the oracle's logits at every recorded position, and its states",
      async (length) => {
        runner.clear(0);
        const rows = await run(0, fixture.golden.integers(`p${length}.ids`), chunk);
        expect(logitsError(length, rows)).toBeLessThanOrEqual(fixture.tolerance);
        if (length === 64) expect(await wrongStates("p64.state.")).toEqual([]);
      },
    );
  });

  test.each([
    [64, 1],
    [64, 33],
    [300, 127],
  ])("the %i-token prompt, restored after %i tokens, continues as the oracle does", async (length, cut) => {
    const ids = fixture.golden.integers(`p${length}.ids`);
    runner.clear(0);
    await run(0, ids.slice(0, cut), 300);
    runner.copySlot(0, 1);
    runner.clear(2);
    await run(2, ids.slice(5, 60), 300); // what the slot held before must not matter
    runner.copySlot(1, 2);
    const rows = await run(2, ids.slice(cut), 300);
    expect(logitsError(length, rows, cut)).toBeLessThanOrEqual(fixture.tolerance);
  });

  test.each(PROMPTS)("32 greedy tokens after the %i-token prompt are the oracle's", async (length) => {
    const { greedyToken, dispose } = bindGreedy(model, runner);
    runner.clear(0);
    const tokens: number[] = [];
    const logits: Float32Array[] = [];
    let rows = await run(0, fixture.golden.integers(`p${length}.ids`), 300);
    for (let position = length; tokens.length < 32; position++) {
      logits.push(rows.at(-1)!);
      tokens.push(await greedyToken(rows.length - 1, position));
      // −1 is the token that the slot sampled last: nothing comes back from the host.
      rows = await run(0, [-1], 1);
    }
    dispose();
    expect(tokens).toEqual(fixture.golden.integers(`p${length}.greedy`));
    if (length !== 64) return;
    const got = Float32Array.from(logits.flatMap((row) => [...row]));
    const want = fixture.golden.floats("p64.greedy_logits").values;
    expect(relativeError(got, want)).toBeLessThanOrEqual(fixture.tolerance);
  });
});

/** Greedy sampling with the model's `sample` Program, of slot 0. */
function bindGreedy(model: Model, runner: RowRunner) {
  const logits = runner.step.outputs.logits!;
  const step = model.sample.bind({ weights: {}, states: { ...runner.states, logits } });
  return {
    /** Draws from one output row of the last step; the rows before it are padding. */
    async greedyToken(row: number, position: number): Promise<number> {
      const outputRows = row + 1;
      const setting = new Float32Array(outputRows * SETTING_COLUMNS);
      setting[row * SETTING_COLUMNS + SettingColumn.topP] = 1;
      setting[row * SETTING_COLUMNS + SettingColumn.repetitionPenalty] = 1;
      const choice = new Int32Array(outputRows * CHOICE_COLUMNS);
      choice[row * CHOICE_COLUMNS + ChoiceColumn.maskRow] = -1;
      step.run(
        { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows },
        {
          slot: new Int32Array(outputRows).fill(-1).fill(0, row),
          position: new Int32Array(outputRows).fill(position),
          setting,
          choice,
          biasToken: new Int32Array(outputRows * model.sizes.maxBiases).fill(-1),
        },
      );
      const bytes = await step.outputs.token!.read(4 * row, 4);
      return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
    },
    dispose: () => step[Symbol.dispose](),
  };
}
