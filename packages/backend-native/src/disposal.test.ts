import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

const MEBIBYTE = 2 ** 20;

await onNative(() => {
  test("a backend that is disposed leaves none of its memory behind", async () => {
    const use = async () => {
      await using backend = await createNativeBackend({ threads: 3 });
      const [kept, given] = [backend.allocate(32 * MEBIBYTE, "kept"), backend.allocate(1000, "given back")];
      given[Symbol.dispose]();
      kept.clear(0, kept.byteLength);
      await kept.read(0, 4);
    };
    await use();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 20; i++) await use();
    expect(process.memoryUsage.rss() - before).toBeLessThan(5 * 32 * MEBIBYTE);
  });

  test("a process with a backend that nobody disposes ends when it has nothing left to do", async () => {
    const platform = `${process.platform}-${process.arch}`;
    const addon = createRequire(import.meta.url).resolve(`@krait/backend-native-${platform}/dist/krait.node`);
    const program = `
    const addon = require(${JSON.stringify(addon)});
    const device = addon.open(2, "baseline", addon.revision);
    const target = new Uint8Array(4);
    addon.read(device, addon.allocate(device, 4), target, () => console.log("read"));
  `;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { timeout: 120_000 });
    expect(stdout).toBe("read\n");
  });
});
