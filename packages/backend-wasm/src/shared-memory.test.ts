import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { kernelsBase64 } from "./kernels-base64.ts";
import { withSharedMemory } from "./shared-memory.ts";

const plain = new Uint8Array(gunzipSync(Buffer.from(kernelsBase64.plain, "base64")));

const instantiate = (bytes: Uint8Array<ArrayBuffer>, shared: boolean) => {
  const none = (): void => {};
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 16, shared });
  const env = { memory, runParts: none, multiplyShards: none, widenShards: none };
  return WebAssembly.instantiate(bytes, { env });
};

test("the kernels for a shared memory are the same but for one byte, and take such a memory only", async () => {
  const shared = withSharedMemory(plain);
  expect(shared.filter((byte, index) => byte !== plain[index])).toHaveLength(1);
  await instantiate(shared, true);
  await expect(instantiate(shared, false)).rejects.toThrow(WebAssembly.LinkError);
  await instantiate(plain, false);
  await expect(instantiate(plain, true)).rejects.toThrow(WebAssembly.LinkError);
});

test("a module that imports no memory is refused", () => {
  expect(() => withSharedMemory(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))).toThrow("import no memory");
});
