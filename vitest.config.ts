import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./tooling/summary-reporter.ts";

const source = "@krait/source";

export default defineConfig({
  resolve: { conditions: [source, "module", "browser", "development|production", "import", "default"] },
  ssr: { resolve: { conditions: [source, "node", "import", "module", "default"] } },
  test: {
    reporters: ["default", new SummaryReporter()],
    include: ["{packages,apps,tooling}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    // Modules hold no state between tests; loading them once a worker takes half the time.
    isolate: false,
  },
});
