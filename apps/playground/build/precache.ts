import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** What the service worker's source has in the place of the list. */
export const PLACEHOLDER = "__KRAIT_PRECACHE__";

/** Tells the service worker which files the page has, and gives it another version when one of them changes. */
export function precache(): Plugin {
  let publicFolder = "";
  return {
    name: "precache",
    apply: "build",
    configResolved(config) {
      publicFolder = config.publicDir;
    },
    generateBundle: {
      // After all others have put their files into the bundle.
      order: "post",
      handler(_, bundle) {
        const worker = bundle["service-worker.js"];
        if (worker?.type !== "chunk") throw new Error("The build has no service-worker.js.");
        const hash = createHash("sha256");
        const files: string[] = [];
        const add = (name: string, content: string | Uint8Array): void => {
          files.push(name);
          hash.update(name).update(content);
        };
        for (const [name, file] of Object.entries(bundle)) {
          if (file === worker || name.endsWith(".map")) continue;
          add(name, file.type === "chunk" ? file.code : file.source);
        }
        for (const name of readdirSync(publicFolder)) add(name, readFileSync(join(publicFolder, name)));
        const list = { version: hash.digest("hex").slice(0, 16), files: files.sort() };
        worker.code = worker.code.replaceAll(PLACEHOLDER, `(${JSON.stringify(list)})`);
      },
    },
  };
}
