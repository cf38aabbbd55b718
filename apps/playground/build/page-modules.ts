import type { Plugin } from "vite";

/** What stands in a page for packages that it never uses: they would be built for nothing, or not at all. */
const stubs: Readonly<Record<string, string>> = {
  "@krait/backend-native": `export function createNativeBackend() { throw new Error("A page has no native backend."); }`,
  // The page names the folder of the embedded model itself.
  "@krait/tiny-model": `export const modelUrl = undefined;`,
};

const prefix = "\0page-module:";

export function pageModules(): Plugin {
  return {
    name: "page-modules",
    enforce: "pre",
    resolveId: (id) => (Object.hasOwn(stubs, id) ? prefix + id : undefined),
    load: (id) => (id.startsWith(prefix) ? stubs[id.slice(prefix.length)] : undefined),
  };
}
