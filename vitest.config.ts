import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { hubForPages } from "./packages/hub/test-support/hub-for-pages.ts";
import { chromiumFlags, findChromium } from "./tooling/chromium.ts";
import { fixturesInPage } from "./tooling/fixtures-in-page.ts";
import { SummaryReporter } from "./tooling/summary-reporter.ts";
import { wgsl } from "./tooling/wgsl.ts";

const source = "@krait/source";

/** Files that compute for long, or wait for other programs: they start first, each in a worker of its own. */
const long = [
  "packages/models/src/*.test.ts",
  "packages/backend-native/src/emulated.test.ts",
  "tooling/packed/*.test.ts",
];

/** Files that drive the playground in Chromium: it is built once, before them. */
const playground = ["apps/playground/e2e/*.test.ts"];

/** Files that compute on a GPU, or on the software driver that stands for one. */
const gpu = ["packages/backend-webgpu/src/**/*.test.ts", "packages/krait/src/webgpu.test.ts"];

/** Files that run in a page of Chromium. */
const browser = ["{packages,apps}/**/*.browser.test.ts"];
const noChromium = "tooling/no-chromium.test.ts";

/** Files that run CUDA kernels as C++: an emulated driver is one a process. */
const cuda = ["packages/backend-cuda/src/**/*.test.ts"];

const chromium = findChromium();

const playgroundProject: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "playground",
    include: playground,
    globalSetup: ["apps/playground/e2e/build-site.ts"],
  },
};

export default defineConfig({
  plugins: [wgsl],
  resolve: { conditions: [source, "module", "browser", "development|production", "import", "default"] },
  ssr: { resolve: { conditions: [source, "node", "import", "module", "default"] } },
  test: {
    reporters: ["default", new SummaryReporter()],
    // Guards against what hangs, and no measure of speed: a machine that is busy elsewhere takes many times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: "100%",
    projects: [
      { extends: true, test: { name: "long", include: long, exclude: browser } },
      ...(chromium === undefined ? [] : [playgroundProject]),
      // One after the other, each in a process of its own: a software driver takes all processors itself.
      {
        extends: true,
        test: {
          name: "gpu",
          include: gpu,
          exclude: browser,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 900_000, // a kernel is compiled when it is first used
          env: { GALLIVM_PERF: "nopt" }, // Mesa's software driver compiles its shaders without optimizing
        },
      },
      {
        extends: true,
        test: {
          name: "cuda",
          include: cuda,
          pool: "forks",
          globalSetup: ["packages/backend-cuda/test-support/build-emulator.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "short",
          include: ["{packages,apps,tooling}/**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "**/dist/**",
            noChromium,
            ...long,
            ...playground,
            ...gpu,
            ...cuda,
            ...browser,
          ],
          setupFiles: ["tooling/fixed-seed.ts"],
          // Modules hold no state between tests; loading them once a worker takes half the time.
          isolate: false,
        },
      },
      browserProject(chromium),
    ],
  },
});

/** Without a Chromium one test stands for all that need it, and is skipped. */
function browserProject(executablePath: string | undefined): TestProjectInlineConfiguration {
  if (executablePath === undefined)
    return { extends: true, test: { name: "browser", include: [noChromium] } };
  return {
    extends: true,
    plugins: [fixturesInPage, hubForPages()],
    // Pages that may share memory among threads.
    server: {
      headers: {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      },
    },
    // What only a worker's script imports is found when the worker starts, and the page is then loaded again.
    optimizeDeps: {
      include: [
        "krait > @krait/chat-template > @huggingface/jinja",
        "krait > @krait/tokenizer > @huggingface/tokenizers",
      ],
    },
    test: {
      name: "browser",
      include: browser,
      exclude: ["**/node_modules/**", "**/dist/**"],
      fileParallelism: false,
      browser: {
        enabled: true,
        headless: true,
        ui: false,
        screenshotFailures: false,
        // With software rendering there is a WebGPU adapter too.
        provider: playwright({
          launchOptions: {
            executablePath,
            args: [
              ...chromiumFlags,
              "--enable-unsafe-webgpu",
              "--use-webgpu-adapter=swiftshader",
              "--enable-precise-memory-info",
              "--js-flags=--expose-gc",
            ],
          },
        }),
        instances: [{ browser: "chromium" }],
      },
    },
  };
}
