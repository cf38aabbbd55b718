import { createCpuBackend } from "@krait/backend-cpu";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn, stateBytes } from "@krait/tensor";
import { Random, runStep } from "@krait/testing";
import { expect, test } from "vitest";
import type { ProgramOptions } from "./architecture.ts";
import { buildLogprobsProgram, buildSampleProgram } from "./sample-program.ts";

const vocabularySize = 50;
const options: ProgramOptions = {
  formats: {},
  stateDtype: "f32",
  kvDtype: "f32",
  maxSlots: 2,
  maxPages: 1,
  maxContext: 32,
  maxOutputRows: 2,
  maxBiases: 1,
  topCount: 3,
};
const program = buildSampleProgram(vocabularySize, options);
const logprobs = buildLogprobsProgram(vocabularySize, options);

test("what is drawn follows bias, and the log-probabilities beside it do not", async () => {
  const logits = new Random(3).normal(2 * vocabularySize, 2);
  const row = [...logits.subarray(0, vocabularySize)];
  const byLogit = row.map((_, id) => id).sort((a, b) => row[b]! - row[a]! || a - b);
  const favoured = byLogit[17]!;
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.topP] = 1;
  setting[SettingColumn.repetitionPenalty] = 1;
  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.maskRow] = -1;

  const backend = await createCpuBackend();
  const extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 };
  const sampled = await runStep(backend, program, {
    extents,
    weights: {},
    states: {
      logits: new Uint8Array(logits.buffer),
      tokenCount: new Uint8Array(stateBytes(program.states.tokenCount!)),
    },
    feeds: {
      slot: Int32Array.of(1),
      setting,
      choice,
      biasToken: Int32Array.of(favoured),
      biasValue: Float32Array.of(100),
      position: Int32Array.of(9),
    },
  });
  const scored = await runStep(backend, logprobs, {
    extents,
    weights: {},
    states: { logits: new Uint8Array(logits.buffer) },
    feeds: {},
  });
  const output = (name: string) => {
    const [from, { values }] = name in program.outputs ? [program, sampled] : [logprobs, scored];
    return [...values[from.values[from.outputs[name]!.value]!.name]!];
  };
  expect(output("token")).toEqual([favoured]);
  expect([...sampled.states.lastToken!]).toEqual([0, favoured]);
  expect(output("tokenLogit")).toEqual([row[favoured]]);
  expect(output("logSumExp")[0]).toBeCloseTo(Math.log(row.reduce((sum, l) => sum + Math.exp(l), 0)), 5);
  expect(output("topIds")).toEqual(byLogit.slice(0, 3));
  expect(output("topLogits")).toEqual(byLogit.slice(0, 3).map((id) => row[id]));
});

test("a mask is applied before top-k: the k likeliest of the tokens that may come are drawn from", async () => {
  const logits = new Random(4).normal(2 * vocabularySize, 2);
  const row = [...logits.subarray(0, vocabularySize)];
  const byLogit = row.map((_, id) => id).sort((a, b) => row[b]! - row[a]! || a - b);
  // None of the ten likeliest may come.
  const allowed = new Set(byLogit.slice(10));
  const mask = new Uint32Array(Math.ceil(vocabularySize / 32));
  for (const id of allowed) mask[id >> 5]! |= 1 << (id & 31);
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.temperature] = 2;
  setting[SettingColumn.topP] = 1;
  setting[SettingColumn.repetitionPenalty] = 1;
  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.topK] = 3;
  choice[ChoiceColumn.maskRow] = 0;
  const backend = await createCpuBackend();
  const drawn = new Set<number>();
  for (let position = 0; position < 60; position++) {
    const { states } = await runStep(backend, program, {
      extents: { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 },
      weights: {},
      states: {
        logits: new Uint8Array(logits.buffer),
        tokenCount: new Uint8Array(stateBytes(program.states.tokenCount!)),
      },
      feeds: {
        slot: Int32Array.of(1),
        ...{ setting, choice, mask, position: Int32Array.of(position) },
        biasToken: Int32Array.of(-1),
        biasValue: Float32Array.of(0),
      },
    });
    drawn.add(states.lastToken![1]!);
  }
  expect([...drawn].sort((a, b) => row[b]! - row[a]!)).toEqual(byLogit.slice(10, 13));
});
