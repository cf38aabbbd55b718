import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./tooling/summary-reporter.ts";

const source = "@krait/source";

/** Files that compute for long, or wait for other programs: they start first, each in a worker of its own. */
const long = ["packages/models/src/*.test.ts", "tooling/packed/*.test.ts"];

export default defineConfig({
  resolve: { conditions: [source, "module", "browser", "development|production", "import", "default"] },
  ssr: { resolve: { conditions: [source, "node", "import", "module", "default"] } },
  test: {
    reporters: ["default", new SummaryReporter()],
    testTimeout: 30_000,
    maxWorkers: "100%",
    projects: [
      { extends: true, test: { name: "long", include: long } },
      {
        extends: true,
        test: {
          name: "short",
          include: ["{packages,apps,tooling}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", ...long],
          // Modules hold no state between tests; loading them once a worker takes half the time.
          isolate: false,
        },
      },
    ],
  },
});
