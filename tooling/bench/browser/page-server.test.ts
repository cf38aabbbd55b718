import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage } from "./page-server.ts";

describe("a served page", () => {
  let served: Awaited<ReturnType<typeof servePage>>;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(new URL(path, served.url), { headers });

  beforeAll(async () => {
    const files = { "/model.gguf": fileURLToPath(import.meta.url) };
    served = await servePage("krait-page.mjs", files, () => false);
  });
  afterAll(() => served.server.close());

  test("may share memory, and finds Krait's packages by name", async () => {
    const response = await get("/");
    expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(await response.text()).toContain('"@krait/engine":"/packages/engine/dist/index.js"');
  });

  test("gives the range of a file that was asked for, and says how long the file is", async () => {
    const whole = await (await get("/model.gguf")).text();
    const part = await get("/model.gguf", { Range: "bytes=3-9" });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe(whole.slice(3, 10));
    expect(part.headers.get("content-range")).toBe(`bytes 3-9/${Buffer.byteLength(whole)}`);
  });

  test("serves nothing outside its folders", async () => {
    for (const path of ["/package.json", "/page/%2e%2e/package.json", "/page/missing.js", "/page/"]) {
      expect((await get(path)).status).toBe(404);
    }
  });
});
