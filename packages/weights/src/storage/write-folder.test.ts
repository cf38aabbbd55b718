import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test-support/files.ts";
import { requireAbsent, writeFolder } from "../index.ts";

async function* bytes(...values: number[]): AsyncGenerator<Uint8Array> {
  for (const value of values) yield Uint8Array.of(value);
}

test("all files appear at once, and nothing else is left", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "model");
  const during: string[][] = [];
  async function* watching(): AsyncGenerator<Uint8Array> {
    during.push((await readdir(folder.path)).filter((name) => name === "model"));
    yield* bytes(1, 2);
  }
  await writeFolder(
    path,
    new Map<string, string | AsyncIterable<Uint8Array>>([
      ["config.json", "{}"],
      ["weights", watching()],
    ]),
  );
  expect(during).toEqual([[]]);
  expect(await readFile(join(path, "config.json"), "utf8")).toBe("{}");
  expect([...(await readFile(join(path, "weights")))]).toEqual([1, 2]);
  expect(await readdir(folder.path)).toEqual(["model"]);
});

describe("a folder that is there", () => {
  const write = (path: string, replace: boolean, content = bytes(7)) =>
    writeFolder(path, new Map([["weights", content]]), { replace });

  test("is refused, before a stream is read", async () => {
    await using folder = await temporaryFolder();
    let isRead = false;
    async function* watching(): AsyncGenerator<Uint8Array> {
      isRead = true;
      yield* bytes(1);
    }
    const refused = expect.objectContaining({ code: "WEIGHT_TARGET_EXISTS", file: folder.path });
    await expect(write(folder.path, false, watching())).rejects.toEqual(refused);
    await expect(requireAbsent(folder.path)).rejects.toEqual(refused);
    expect(isRead).toBe(false);
    await requireAbsent(join(folder.path, "new"));
  });

  test("is replaced where that is wanted and nothing foreign is in it", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "model");
    await write(path, true, bytes(1));
    await write(path, true, bytes(2));
    expect([...(await readFile(join(path, "weights")))]).toEqual([2]);
    expect(await readdir(folder.path)).toEqual(["model"]);
  });

  test.each([
    ["with a foreign file", async (path: string) => writeFile(join(path, "diary.txt"), "")],
    ["with a foreign folder", async (path: string) => mkdir(join(path, "photos"))],
  ])("%s is never replaced", async (_, put) => {
    await using folder = await temporaryFolder();
    await put(folder.path);
    await expect(write(folder.path, true)).rejects.toMatchObject({ code: "WEIGHT_TARGET_EXISTS" });
  });

  test("stays as it was when a stream fails", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "model");
    await write(path, false, bytes(1));
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* bytes(2);
      throw new Error("the disk is gone");
    }
    await expect(write(path, true, failing())).rejects.toThrow("the disk is gone");
    expect([...(await readFile(join(path, "weights")))]).toEqual([1]);
    expect(await readdir(folder.path)).toEqual(["model"]);
  });
});

test("a file is never replaced by a folder", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "model");
  await writeFile(path, "mine");
  await expect(writeFolder(path, new Map(), { replace: true })).rejects.toMatchObject({
    code: "WEIGHT_TARGET_EXISTS",
    message: expect.stringContaining("is a file"),
  });
});

test("a folder that does not exist to write into is a write failure", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "nowhere", "model");
  await expect(writeFolder(path, new Map())).rejects.toMatchObject({
    code: "WEIGHT_WRITE_FAILED",
    file: path,
  });
});

test("an abort leaves nothing and rejects with its reason", async () => {
  await using folder = await temporaryFolder();
  const controller = new AbortController();
  const reason = new Error("enough");
  async function* aborting(): AsyncGenerator<Uint8Array> {
    yield* bytes(1);
    controller.abort(reason);
    yield* bytes(2);
  }
  const { signal } = controller;
  const path = join(folder.path, "model");
  await expect(writeFolder(path, new Map([["weights", aborting()]]), { signal })).rejects.toBe(reason);
  expect(await readdir(folder.path)).toEqual([]);
});
