import { include_dir as headers } from "node-api-headers";
import { buildAddon } from "../backend-native/native/build.mjs";

await buildAddon({ output: "dist/krait.node", headers });
