import type { Plugin } from "vite";

/** What stands in a page for packages that it never uses: they would be built for nothing, or not at all. */
const stubs: Readonly<Record<string, string>> = {
  "@krait/backend-native": `export function createNativeBackend() { throw new Error("A page has no native backend."); }`,
  // A page has the embedded model beside it, and says where that is when it loads it.
  "@krait/tiny-model": `export const modelUrl = new URL("tiny-model/", globalThis.location.href);`,
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
