import { buildProgram, type Format } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { graphicsCard, patchedAdapter } from "../../test-support/patched-adapter.ts";
import { createWideReference } from "../../test-support/reference.ts";
import { findAdapter } from "../adapter.ts";
import { createWebGPUBackend } from "../index.ts";
import { weightFormats } from "../weights/weight-layout.ts";
import { expected } from "./expected.ts";
import { fingerprintsOf } from "./probe.ts";
import { opProbes, productProbes } from "./probes.ts";

const probes = [...opProbes, ...weightFormats.flatMap(productProbes)];

test("what the self-test expects of every op and format is what the reference gives", async () => {
  await using backend = await createWideReference();
  const found: Record<string, Record<string, number>> = {};
  for (const probe of probes) {
    const fingerprints = await fingerprintsOf(backend, probe);
    found[probe.name] = Object.fromEntries(
      Object.entries(fingerprints).map(([output, number]) => [output, Number(number.toPrecision(6))]),
    );
  }
  expect(found).toEqual(expected);
});

/** rows of a table, times a matrix of this format */
const product = (format: Format) =>
  buildProgram("product", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("table", { shape: [4, 256], format: "f32" }));
    b.output("product", b.linear(x, b.weight("matrix", { shape: [3, 256], format })));
  });
const largest = { rows: 12, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };

await withAdapter("the self-test", () => {
  test.each([
    ["what the adapter has", () => patchedAdapter((source) => source), "f32"],
    ["what a graphics card without features has", () => graphicsCard(false), "f32"],
    ["bytes on a graphics card with features", () => graphicsCard(true), "bytes"],
    ["f16 where the adapter has it", () => patchedAdapter((source) => source), "f16"],
  ] as const)("passes with %s, and leaves nothing on the device", async (_, adapterOf, products) => {
    const adapter = await adapterOf();
    await using backend = await createWebGPUBackend({ adapter, selfTest: true, products });
    await backend.compile(product("q4_k"), { largest });
    expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });
    const { dispatches } = backend.counters;
    expect(dispatches).toBeGreaterThan(20);
    await backend.compile(product("q4_k"), { largest });
    expect(backend.counters.dispatches).toBe(dispatches); // once for a device
  });

  describe("names what a driver computes wrongly", () => {
    test.each([
      [
        "a norm of half the size",
        "y[to + c] = x[base + c] * scale",
        "y[to + c] = 0.5 * x[base + c] * scale",
        "rmsNorm",
      ],
      [
        "scales that are not read",
        "let scale = unpack2x16float(",
        "let scale = 0 * unpack2x16float(",
        "q8_0 ×",
      ],
    ])("%s", async (_, right, wrong, op) => {
      const adapter = await patchedAdapter((source) => source.replace(right, wrong));
      await using backend = await createWebGPUBackend({ adapter, selfTest: true });
      await expect(backend.compile(product("q8_0"), { largest })).rejects.toMatchObject({
        code: "KERNEL_WRONG",
        op: expect.stringContaining(op),
        adapter: expect.stringMatching(/./),
      });
    });
  });

  describe("takes the next variant of a product where one is wrong", () => {
    test.for([
      ["sums in subgroups that are no numbers", "f32", "few", "sums[r][o] += dot(", "sums[r][o] /= 0 * dot("],
      [
        "products of bytes of twice the size",
        "bytes",
        "one",
        "return d * product;",
        "return 2 * d * product;",
      ],
      [
        "rows in f16 whose scales are not read",
        "f16",
        "many",
        "return bitcast<f32>(halves[",
        "return 1 + 0 * bitcast<f32>(halves[",
      ],
    ] as const)("%s", async ([, products, rows, right, wrong], context) => {
      const hasF16 = (await findAdapter()).features.has("shader-f16");
      if (products === "f16" && !hasF16) context.skip("this adapter has no shader-f16");
      const patched = await patchedAdapter((source) => source.replace(right, wrong));
      const reasons: string[] = [];
      await using backend = await createWebGPUBackend({
        adapter: patched,
        selfTest: true,
        products,
        onChoice: (reason) => reasons.push(reason),
      });
      await backend.compile(product("q8_0"), { largest });
      const next = products === "f32" ? "plain" : "f32";
      expect(backend.products.find((choice) => choice.rows === rows)).toMatchObject({
        variant: next,
        wrong: [products],
      });
      const what = { one: "one row", few: "up to 8 rows", many: "more rows" }[rows];
      expect(reasons).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^Products of ${what} with q8_0 compute in ${next}, for in ${products} they give .+ is right\\.$`,
          ),
        ),
      );
    });
  });
});
