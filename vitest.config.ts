import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./tooling/summary-reporter.ts";
import { wgsl } from "./tooling/wgsl.ts";

const source = "@krait/source";

/** Files that compute for long, or wait for other programs: they start first, each in a worker of its own. */
const long = ["packages/models/src/*.test.ts", "tooling/packed/*.test.ts"];

/** Files that compute on a GPU, or on the software driver that stands for one. */
const gpu = ["packages/backend-webgpu/src/**/*.test.ts"];

export default defineConfig({
  plugins: [wgsl],
  resolve: { conditions: [source, "module", "browser", "development|production", "import", "default"] },
  ssr: { resolve: { conditions: [source, "node", "import", "module", "default"] } },
  test: {
    reporters: ["default", new SummaryReporter()],
    testTimeout: 30_000,
    maxWorkers: "100%",
    projects: [
      { extends: true, test: { name: "long", include: long } },
      // One after the other, each in a process of its own: a software driver takes all processors itself.
      {
        extends: true,
        test: {
          name: "gpu",
          include: gpu,
          pool: "forks",
          fileParallelism: false,
          env: { GALLIVM_PERF: "nopt" }, // Mesa's software driver compiles its shaders without optimizing
        },
      },
      {
        extends: true,
        test: {
          name: "short",
          include: ["{packages,apps,tooling}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", ...long, ...gpu],
          // Modules hold no state between tests; loading them once a worker takes half the time.
          isolate: false,
        },
      },
    ],
  },
});
