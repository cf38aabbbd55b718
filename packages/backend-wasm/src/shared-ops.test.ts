import { architectureOf, loadModel } from "@krait/models";
import { describeGolden, runOpTable } from "@krait/testing";
import { describe } from "vitest";
import { createTunedBackend } from "./backend.ts";

/** Every op that divides its work does so, however little that is. */
const createBackend = () => createTunedBackend({ threads: 3 }, { sharedWork: 0 });

describe("with all ops divided among threads", () => {
  runOpTable(createBackend);

  describeGolden(createBackend, {
    load: ({ config, weights }, backend, sizes) => loadModel(architectureOf(config), weights, backend, sizes),
  });
});
