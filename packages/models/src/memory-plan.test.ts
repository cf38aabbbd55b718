import { type DType, PAGE_SIZE } from "@krait/tensor";
import { openFixture } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { MemoryPlanError } from "./errors.ts";
import { planMemory, requireMemory } from "./memory-plan.ts";
import { type ModelOptions, resolveModelOptions } from "./model-options.ts";

const { model: folder } = await openFixture("tiny-a");
const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);

function plan(options: ModelOptions, kvDtype: DType = "f16") {
  const { program, largest } = resolveModelOptions(architecture, { kvDtype }, {}, options);
  const programs = architecture.programs(program);
  const plan = planMemory(architecture, programs, largest, undefined, options.prefixCacheBytes);
  return { program, largest, ...plan };
}

describe("the memory plan", () => {
  test("adds up", () => {
    const { weightBytes, stateBytes, kvBytes, cacheBytes, scratchBytes, totalBytes } = plan({
      maxContext: 100,
    });
    expect(totalBytes).toBe(weightBytes + stateBytes + kvBytes + cacheBytes + scratchBytes);
  });

  test("of tiny-a's states follows from its config", () => {
    // Three Mamba-2 layers: 256 channels × 3 inputs, and 8 heads × 16 × 32, in f32.
    const perSequence = 3 * 4 * (256 * 3 + 8 * 16 * 32);
    // One attention layer: keys and values of 2 heads of 32.
    const { stateBytesPerSequence, kvBytesPerToken } = plan({ kvDtype: "f16" });
    expect(stateBytesPerSequence).toBe(perSequence);
    expect(kvBytesPerToken).toBe(2 * 2 * 32 * 2);
    // Beside its state a slot has a last token, a count for each of 512 tokens, and a table of pages.
    const { stateBytes } = plan({ maxSequences: 3, maxContext: 100 });
    expect(stateBytes).toBe(3 * (perSequence + 4 + 4 * 512 + 4 * Math.ceil(100 / PAGE_SIZE)));
  });

  test("has pages for the tokens asked for, and one more for each sequence", () => {
    const { kvBytes, kvBytesPerToken } = plan({ maxContext: 100, maxKvTokens: 130, maxSequences: 2 });
    expect(kvBytes).toBe((Math.ceil(130 / PAGE_SIZE) + 2) * PAGE_SIZE * kvBytesPerToken);
  });

  test("has room for whole snapshots of a sequence's states, one for each sequence unless told otherwise", () => {
    const snapshot = 3 * 4 * (256 * 3 + 8 * 16 * 32) + 4 + 4 * 512;
    expect(plan({ maxSequences: 3 }).cacheBytes).toBe(3 * snapshot);
    expect(plan({ prefixCacheBytes: 7.5 * snapshot }).cacheBytes).toBe(7 * snapshot);
    expect(plan({ prefixCacheBytes: 0 }).cacheBytes).toBe(0);
    expect(() => plan({ prefixCacheBytes: -1 })).toThrow("prefixCacheBytes");
  });

  test("takes half the keys and values in f16, and half the states", () => {
    const [wide, narrow] = [plan({ kvDtype: "f32" }), plan({ kvDtype: "f16", stateDtype: "f16" })];
    expect(narrow.kvBytesPerToken).toBe(wide.kvBytesPerToken / 2);
    expect(narrow.stateBytesPerSequence).toBe(wide.stateBytesPerSequence / 2);
  });

  test("counts what log-probabilities take, where they are computed and where they are gathered", () => {
    const [few, more] = [plan({ topCount: 20 }), plan({ topCount: 30 })];
    // Ids and logits of ten more, of each output row.
    const added = 4 * 2 * 10 * few.largest.outputRows;
    expect(more.scratchBytes - few.scratchBytes).toBe(2 * added);
  });

  test("that does not fit is refused with what is needed and what there is", () => {
    const needed = plan({});
    expect(() => requireMemory(needed, needed.totalBytes, "webgpu")).not.toThrow();
    const refuse = () => requireMemory(needed, needed.totalBytes - 1, "webgpu");
    expect(refuse).toThrow(MemoryPlanError);
    expect(refuse).toThrow(
      expect.objectContaining({
        code: "MEMORY_INSUFFICIENT",
        neededBytes: needed.totalBytes,
        availableBytes: needed.totalBytes - 1,
        message: expect.stringContaining('backend "webgpu"'),
      }),
    );
  });
});

describe("model options", () => {
  test("have defaults: the trained context, f32 states, and the keys and values of the backend", () => {
    expect(plan({}).program).toMatchObject({
      maxContext: 131_072,
      stateDtype: "f32",
      kvDtype: "f16",
      maxSlots: 4,
    });
    expect(plan({}, "bf16").program.kvDtype).toBe("bf16");
    expect(plan({ maxSequences: 9, chunkRows: 8 }).largest).toMatchObject({ rows: 8, segments: 8 });
  });

  test.each([
    ["maxContext", 0],
    ["maxSequences", 1.5],
    ["maxKvTokens", -1],
    ["chunkRows", Number.NaN],
    ["maxOutputRows", "8"],
    ["maxBiases", Infinity],
    ["topCount", 0],
    ["stateDtype", "i32"],
    ["kvDtype", "q8_0"],
  ])("refuse %s %s, naming it", (option, value) => {
    expect(() => plan({ [option]: value })).toThrow(
      expect.objectContaining({
        code: "MODEL_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`${option} should be .*, but is ${value}`)),
      }),
    );
  });
});
