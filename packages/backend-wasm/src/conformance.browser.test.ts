import { architectureOf, loadModel, type Model } from "@krait/models";
import {
  describeEqualities,
  describeFormats,
  describeGolden,
  type LoadRunnableModel,
  runOpTable,
} from "@krait/testing";
import { describe } from "vitest";
import { onBuilds } from "../test-support/on-builds.ts";
import { weightFormats } from "./held.ts";
import { createWasmBackend } from "./index.ts";

// What Node's tests ask of the backend, asked in a page: another engine compiles the kernels there.
await onBuilds((build) => {
  const createBackend = () => createWasmBackend({ build });
  describe("the op table", () => runOpTable(createBackend));
  describe("weight formats", () =>
    describeFormats(createBackend, { formats: weightFormats, createAlone: createBackend }));
});

const load: LoadRunnableModel<Model> = ({ config, weights }, backend, sizes) =>
  loadModel(architectureOf(config), weights, backend, sizes);

describeGolden(createWasmBackend, { load });
await describeEqualities(createWasmBackend, { load, exact: true });
