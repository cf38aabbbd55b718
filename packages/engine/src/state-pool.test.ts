import { createCpuBackend } from "@krait/backend-cpu";
import { PAGE_SIZE, type StateSpec } from "@krait/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Sequence, type Snapshot, StatePool } from "./state-pool.ts";

const SLOTS = 3;
const PAGES = 8;

const SNAPSHOTS = 2;

async function createPool(): Promise<StatePool> {
  const states: Record<string, StateSpec> = {
    recurrent: { per: "slot", count: SLOTS, shape: [2], dtype: "f32" },
    pageTable: { per: "slot", count: SLOTS, shape: [6], dtype: "i32" },
    keys: { per: "page", count: PAGES, shape: [1, 1], dtype: "f32" },
  };
  return new StatePool(await createCpuBackend(), states, SNAPSHOTS * 8 + 7);
}

/** Writes a number at a position of a sequence, where an op would. */
function writeKey(pool: StatePool, sequence: Sequence, position: number, value: number): void {
  const page = sequence.pages[Math.floor(position / PAGE_SIZE)]!;
  const offset = 4 * (page * PAGE_SIZE + (position % PAGE_SIZE));
  pool.buffers.keys!.write(offset, new Uint8Array(Float32Array.of(value).buffer));
}

/** Reads what attention would read: through the page table of the slot. */
async function readKeys(pool: StatePool, { slot, length }: Sequence): Promise<number[]> {
  const keys = new Float32Array((await pool.buffers.keys!.read()).buffer);
  const table = new Int32Array((await pool.buffers.pageTable!.read(slot * 24, 24)).buffer);
  return Array.from({ length }, (_, position) => {
    const page = table[Math.floor(position / PAGE_SIZE)]!;
    return keys[page * PAGE_SIZE + (position % PAGE_SIZE)]!;
  });
}

async function append(pool: StatePool, sequence: Sequence, values: readonly number[]): Promise<void> {
  const start = sequence.length;
  pool.extend(sequence, start + values.length);
  for (const [index, value] of values.entries()) writeKey(pool, sequence, start + index, value);
  const state = new Uint8Array(Float32Array.of(sequence.length, values.at(-1) ?? 0).buffer);
  pool.buffers.recurrent!.write(sequence.slot * 8, state);
}

async function readState(pool: StatePool, { slot }: Sequence): Promise<number[]> {
  return [...new Float32Array((await pool.buffers.recurrent!.read(slot * 8, 8)).buffer)];
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

test("a slot that is handed out again is cleared", async () => {
  const pool = await createPool();
  const first = pool.open();
  await append(pool, first, [5]);
  pool.close(first);
  const second = pool.open();
  expect(second.slot).toBe(first.slot);
  expect(await readState(pool, second)).toEqual([0, 0]);
});

test("a fork shares whole pages, and neither side sees what the other writes afterwards", async () => {
  const pool = await createPool();
  const parent = pool.open();
  await append(pool, parent, range(0, 40));
  const child = pool.fork(parent);
  expect(child.pages[0]).toBe(parent.pages[0]);
  expect(child.pages[1]).not.toBe(parent.pages[1]);
  await append(pool, parent, [100, 101]);
  await append(pool, child, [200]);
  expect(await readKeys(pool, parent)).toEqual([...range(0, 40), 100, 101]);
  expect(await readKeys(pool, child)).toEqual([...range(0, 40), 200]);
  expect(await readState(pool, parent)).toEqual([42, 101]);
  expect(await readState(pool, child)).toEqual([41, 200]);
});

test("a snapshot keeps what was there while its sequence goes on, and can be restored again and again", async () => {
  const pool = await createPool();
  const sequence = pool.open();
  await append(pool, sequence, range(0, 33));
  const snapshot = pool.snapshot(sequence);
  await append(pool, sequence, range(100, 40));
  pool.close(sequence);
  for (const last of [7, 8]) {
    const restored = pool.restore(snapshot);
    expect(await readState(pool, restored)).toEqual([33, 32]);
    await append(pool, restored, [last]);
    expect(await readKeys(pool, restored)).toEqual([...range(0, 33), last]);
    pool.close(restored);
  }
});

test("too many sequences are refused with the number of slots", async () => {
  const pool = await createPool();
  for (let i = 0; i < SLOTS; i++) pool.open();
  expect(() => pool.open()).toThrow(
    expect.objectContaining({ code: "SLOTS_EXHAUSTED", details: { slots: SLOTS } }),
  );
});

test("snapshots take no slot, and more than their memory holds are refused", async () => {
  const pool = await createPool();
  const sequence = pool.open();
  const first = pool.snapshot(sequence);
  pool.snapshot(sequence);
  expect(pool.freeSlots).toBe(SLOTS - 1);
  expect(() => pool.snapshot(sequence)).toThrow(
    expect.objectContaining({ code: "SNAPSHOTS_EXHAUSTED", details: { snapshots: SNAPSHOTS, bytesEach: 8 } }),
  );
  pool.close(first);
  pool.snapshot(sequence);
});

test("a sequence that finds no page is left as it was", async () => {
  const pool = await createPool();
  const first = pool.open();
  pool.extend(first, 5 * PAGE_SIZE);
  const second = pool.open();
  pool.extend(second, PAGE_SIZE);
  expect(() => pool.extend(second, 4 * PAGE_SIZE)).toThrow(
    expect.objectContaining({ code: "PAGES_EXHAUSTED" }),
  );
  expect(second.length).toBe(PAGE_SIZE);
  expect(second.pages).toHaveLength(1);
  expect(() => pool.extend(second, 7 * PAGE_SIZE)).toThrow(
    expect.objectContaining({ code: "CONTEXT_EXCEEDED" }),
  );
  pool.close(first);
  pool.extend(second, 4 * PAGE_SIZE);
  expect(second.pages).toHaveLength(4);
});

test("what has been closed cannot be used or closed again", async () => {
  const pool = await createPool();
  const sequence = pool.open();
  pool.close(sequence);
  for (const use of [
    () => pool.close(sequence),
    () => pool.fork(sequence),
    () => pool.snapshot(sequence),
    () => pool.extend(sequence, 1),
  ]) {
    expect(use).toThrow(expect.objectContaining({ code: "SEQUENCE_CLOSED" }));
  }
});

test("whatever is opened, forked, kept, grown and closed, every sequence reads its own history", async () => {
  const action = fc.record({
    kind: fc.constantFrom("open", "fork", "snapshot", "restore", "append", "close"),
    pick: fc.nat(10),
    count: fc.integer({ min: 1, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
      const pool = await createPool();
      const live = new Map<Sequence | Snapshot, number[]>();
      let next = 1;
      for (const { kind, pick, count } of actions) {
        const wanted = kind === "restore" ? "snapshot" : "sequence";
        const candidates = [...live.keys()].filter((holding) => kind === "close" || holding.kind === wanted);
        const chosen = candidates[pick % Math.max(1, candidates.length)];
        const history = chosen && live.get(chosen)!;
        try {
          if (kind === "open") live.set(pool.open(), []);
          else if (chosen === undefined || history === undefined) continue;
          else if (kind === "fork") live.set(pool.fork(chosen as Sequence), [...history]);
          else if (kind === "snapshot") live.set(pool.snapshot(chosen as Sequence), [...history]);
          else if (kind === "restore") live.set(pool.restore(chosen as Snapshot), [...history]);
          else if (kind === "close") {
            pool.close(chosen);
            live.delete(chosen);
          } else {
            const values = range(next, count);
            await append(pool, chosen as Sequence, values);
            next += count;
            history.push(...values);
          }
        } catch (error) {
          expect(["SLOTS_EXHAUSTED", "SNAPSHOTS_EXHAUSTED", "PAGES_EXHAUSTED", "CONTEXT_EXCEEDED"]).toContain(
            (error as { code: string }).code,
          );
        }
        for (const [holding, expected] of live) {
          if (holding.kind === "sequence") expect(await readKeys(pool, holding)).toEqual(expected);
        }
      }
      for (const [holding, expected] of [...live]) {
        if (holding.kind === "snapshot") {
          expect(holding.length).toBe(expected.length);
        }
        pool.close(holding);
      }
      expect(pool.freeSlots).toBe(SLOTS);
      expect(pool.freePages).toBe(PAGES);
      expect(pool.snapshots.held).toBe(0);
    }),
  );
});
