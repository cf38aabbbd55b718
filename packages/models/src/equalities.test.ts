import { createCpuBackend } from "@krait/backend-cpu";
import { type Backend, SEGMENT_COLUMNS, SegmentColumn } from "@krait/tensor";
import {
  describeEqualities,
  EqualitySubject,
  equalities,
  type LoadRunnableModel,
  randomModel,
  rewriteFeed,
  wrapBackend,
} from "@krait/testing";
import { describe, expect, test } from "vitest";
import { architectureOf } from "./architecture.ts";
import { loadModel } from "./load-model.ts";

const load: LoadRunnableModel = ({ config, weights }, backend, sizes) =>
  loadModel(architectureOf(config), weights, backend, sizes);

await describeEqualities(createCpuBackend, { load, exact: true });

describe("the equalities catch a backend that", () => {
  const source = randomModel(1);

  /** The equalities that do not hold on a backend. */
  async function broken(backend: Backend): Promise<string[]> {
    const subject = await EqualitySubject.load(await source, backend, load, {
      exact: false,
      tolerance: 1e-4,
    });
    const names: string[] = [];
    for (const { name, check } of equalities) {
      await check(subject).catch(() => names.push(name));
    }
    return names;
  }

  /** A backend that misreads each segment. */
  async function misreading(change: (segment: Int32Array) => void): Promise<Backend> {
    return rewriteFeed(await createCpuBackend(), "segment", (segments) => {
      for (let at = 0; at < segments.length; at += SEGMENT_COLUMNS) {
        change(segments.subarray(at, at + SEGMENT_COLUMNS));
      }
    });
  }

  test("does nothing wrong: none", async () => {
    expect(await broken(await createCpuBackend())).toEqual([]);
  });

  test("starts from the slot that it writes: the fork", async () => {
    const backend = await misreading((segment) => {
      segment[SegmentColumn.readSlot] = segment[SegmentColumn.writeSlot]!;
    });
    expect(await broken(backend)).toEqual(["a fork that diverges equals two runs"]);
  });

  test("leaves marks where the segment ends: the mark", async () => {
    const backend = await misreading((segment) => {
      if (segment[SegmentColumn.markRow] === -1) return;
      const end = segment[SegmentColumn.startRow]! + segment[SegmentColumn.rowCount]!;
      segment[SegmentColumn.markRow] = end - 1;
    });
    expect(await broken(backend)).toEqual(["a mark in the middle of a prefill equals having stopped there"]);
  });

  test("forgets the last row of a longer segment: chunks, batches and copies", async () => {
    const backend = await misreading((segment) => {
      if (segment[SegmentColumn.rowCount]! > 20) segment[SegmentColumn.rowCount]! -= 1;
    });
    expect(await broken(backend)).toContain("a prompt cut anywhere equals the whole prompt");
  });

  test("copies nothing: the restored copy", async () => {
    const backend = wrapBackend(await createCpuBackend(), { copy: () => {} });
    expect(await broken(backend)).toContain("a restored copy equals having gone on");
  });

  test("keeps what a slot held: the replay and the batch", async () => {
    const cpu = await createCpuBackend();
    let writes = 0;
    const backend = wrapBackend(cpu, {
      allocate(bytes, label) {
        const buffer = cpu.allocate(bytes, label);
        if (!label.endsWith(".recurrent")) return buffer;
        buffer.write = () => void writes++;
        return buffer;
      },
    });
    const names = await broken(backend);
    expect(writes).toBeGreaterThan(0);
    expect(names).toContain("a replay in a used slot equals the first run");
    expect(names).toContain("a batch of n sequences equals n single runs");
  });
});
