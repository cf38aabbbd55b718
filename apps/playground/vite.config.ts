import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { wgsl } from "../../tooling/wgsl.ts";
import { pageModules } from "./build/page-modules.ts";
import { precache } from "./build/precache.ts";
import { tinyModel } from "./build/tiny-model.ts";

/** Of a page whose threads may share memory; see https://web.dev/coop-coep. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Krait is built from its sources, so that nothing has to be built before. */
const conditions = ["@krait/source", "module", "browser", "development|production"];

export default defineConfig({
  root: import.meta.dirname,
  // The page may lie in any folder of a server.
  base: "./",
  plugins: [react(), wgsl, pageModules(), tinyModel(), precache()],
  resolve: { conditions },
  worker: { format: "es", plugins: () => [wgsl, pageModules()] },
  server: { headers },
  preview: { headers },
  build: {
    target: "es2024",
    // The grammars of the highlighter come in one piece, which is loaded when code is shown.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "src/offline/service-worker.ts" },
      output: {
        // A service worker has a name that stays, beside the page that it serves.
        entryFileNames: ({ name }) =>
          name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
});
