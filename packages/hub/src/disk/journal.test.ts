import { appendFile, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryCache } from "../../test-support/temporary-cache.ts";
import { finishedBytes, pieceLine, readJournal, writeJournal } from "./journal.ts";

const journal = {
  pieceBytes: 100,
  byteLength: 250,
  finished: new Map([
    [0, "aa"],
    [2, "cc"],
  ]),
};

test("a journal comes back as it was written, with what was appended", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "journal");
  await writeJournal(path, journal);
  await appendFile(path, pieceLine(1, "bb"));
  const read = await readJournal(path, 250);
  expect(read).toEqual({
    ...journal,
    finished: new Map([
      [0, "aa"],
      [2, "cc"],
      [1, "bb"],
    ]),
  });
  expect(finishedBytes(read!)).toBe(250);
  expect(finishedBytes(journal)).toBe(150);
});

test("wherever a crash cuts a journal, whole lines count, and no other", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "journal");
  await writeJournal(path, journal);
  const whole = await readFile(path, "utf8");
  for (let length = 0; length < whole.length; length++) {
    await writeFile(path, whole);
    await truncate(path, length);
    const lines = whole.slice(0, length).split("\n");
    // A line without its newline is whole if its brace is there.
    const complete = lines.filter((line) => line.endsWith("}")).length;
    expect((await readJournal(path, 250))?.finished.size).toBe(complete === 0 ? undefined : complete - 1);
  }
});

test("a journal of a file of another length, of garbage, or none at all counts as none", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "journal");
  expect(await readJournal(path, 250)).toBeUndefined();
  await writeJournal(path, journal);
  expect(await readJournal(path, 251)).toBeUndefined();
  await writeFile(path, '{"pieceBytes":0,"byteLength":250}\n');
  expect(await readJournal(path, 250)).toBeUndefined();
  await writeFile(path, "garbage\n");
  expect(await readJournal(path, 250)).toBeUndefined();
});
