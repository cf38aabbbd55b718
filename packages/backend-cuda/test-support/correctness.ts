// The shared tests of backends, on the GPU of this machine: what `tooling/gpu` packs. Says first what it is.
import { architectureOf, loadModel } from "@krait/models";
import { describeEqualities, describeGolden, runOpTable } from "@krait/testing";
import { describe } from "vitest";
import { createCudaBackend } from "../src/index.ts";
import { describeFusion } from "./describe-fusion.ts";
import { describeWeightFormats } from "./describe-weight-formats.ts";

try {
  await using backend = await createCudaBackend();
  const { name, compute, multiprocessors } = backend.device;
  const gigabytes = (backend.limits.memoryBytes / 1e9).toFixed(1);
  console.log(`${name}, compute ${compute}, ${multiprocessors} multiprocessors, ${gigabytes} GB free`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(3);
}

const load: Parameters<typeof describeGolden>[1]["load"] = ({ config, weights }, backend, sizes) =>
  loadModel(architectureOf(config), weights, backend, { ...sizes, kvDtype: "f32" });

describe("the op table", () => runOpTable(createCudaBackend));
describe("ops that are fused", () => describeFusion(createCudaBackend));
describe("weight formats", () => describeWeightFormats(createCudaBackend));
describe("golden models", () => describeGolden(createCudaBackend, { load, chunks: [300, 7] }));
await describeEqualities(createCudaBackend, { load, exact: false, tolerance: 2e-4 });
