import { defineConfig } from "tsup";
import { library } from "../../tooling/tsup.ts";

export default defineConfig(
  library({ entry: ["src/main.ts"], dts: false, banner: { js: "#!/usr/bin/env node" } }),
);
