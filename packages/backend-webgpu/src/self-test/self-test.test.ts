import { buildProgram, type Format } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { withAdapter } from "../../test-support/adapter.ts";
import { emulatedMatrices } from "../../test-support/emulated-matrices.ts";
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
    ["sums over subgroups on a graphics card with features", () => graphicsCard(true), "f32"],
    ["bytes on a graphics card with features", () => graphicsCard(true), "bytes"],
    ["f16 where the adapter has it", () => patchedAdapter((source) => source), "f16"],
  ] as const)("passes with %s, and leaves nothing on the device", async (_, adapterOf, products) => {
    const adapter = await adapterOf();
    await using backend = await createWebGPUBackend({ adapter, selfTest: true, products });
    await backend.compile(product("q4_k"), { largest });
    expect(backend.products.flatMap(({ wrong }) => wrong)).toEqual([]); // nothing gave way to what passes
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

  describe("takes the next variant of a product where one does not compile", () => {
    /** No text that a compiler takes, of a kernel with this in it. */
    const broken = (part: string) => patchedAdapter((source) => (source.includes(part) ? "broken" : source));

    test.for([
      ["before it is tested", true, "bytes", "fn linear_few_rows_integers", "few", "f32"],
      ["where nothing is tested", false, "bytes", "fn linear_tiled_integers", "many", "f32"],
      ["in what brings its input into form", false, "f16", "fn halve_rows", "many", "f32"],
      ["of f32, down to what needs no feature", false, "f32", "fn linear_subgroups", "few", "plain"],
    ] as const)("%s", async ([, selfTest, products, part, rows, next], context) => {
      const { features } = await findAdapter();
      if (products === "f16" && !features.has("shader-f16")) context.skip("this adapter has no shader-f16");
      if (part === "fn linear_subgroups" && !features.has("subgroups")) {
        context.skip("this adapter has no subgroups");
      }
      const reasons: string[] = [];
      const onChoice = (reason: string) => reasons.push(reason);
      const adapter = await broken(part);
      await using backend = await createWebGPUBackend({ adapter, selfTest, products, onChoice });
      await backend.compile(product("q8_0"), { largest });
      expect(backend.products.find((choice) => choice.rows === rows)).toMatchObject({
        variant: next,
        wrong: [products],
      });
      expect(reasons).toContainEqual(
        expect.stringMatching(
          new RegExp(`compute in ${next}, for in ${products} they do not compile \\(.+\\)`),
        ),
      );
    });

    test("when it is measured", async () => {
      const adapter = await broken("fn linear_tiled_integers");
      const reasons: string[] = [];
      await using backend = await createWebGPUBackend({
        adapter,
        products: "measured",
        onChoice: (reason) => reasons.push(reason),
      });
      await backend.compile(product("q8_0"), { largest });
      const many = backend.products.find((choice) => choice.rows === "many")!;
      expect(many.wrong).toEqual(["bytes"]);
      expect(Object.keys(many.seconds)).not.toContain("bytes");
      expect(reasons).toContainEqual(
        expect.stringMatching(/^Products of more rows with q8_0 do not compute in bytes: /),
      );
    });

    test("and names the kernel and what is wrong with it where there is no other", async () => {
      await using backend = await createWebGPUBackend({ adapter: await broken("fn embed"), selfTest: false });
      await expect(backend.compile(product("q8_0"), { largest })).rejects.toMatchObject({
        code: "KERNEL_UNCOMPILED",
        message: expect.stringMatching(
          /^The kernel "embed" does not compile on this adapter: .+ Its driver may be at fault/,
        ),
      });
    });
  });

  test("passes with matrix units, and finds those that are wrong", async (context) => {
    const { features } = await findAdapter();
    if (!["subgroups", "shader-f16"].every((name) => features.has(name))) {
      context.skip("this adapter has no subgroups or no shader-f16");
    }
    const config = { componentType: "f16", M: 8, N: 16, K: 16 } as const;
    for (const isWrong of [false, true]) {
      const adapter = await emulatedMatrices(config, isWrong);
      await using backend = await createWebGPUBackend({ adapter, selfTest: true, products: "matrices" });
      await backend.compile(product("q4_k"), { largest });
      const { variant, wrong } = backend.products.find((choice) => choice.rows === "many")!;
      expect([variant, wrong]).toEqual(isWrong ? ["f32", ["matrices"]] : ["matrices", []]);
    }
  });
});
