import { createCpuBackend } from "@krait/backend-cpu";
import { MemoryPlanError } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { expect, test } from "vitest";
import { firstBackend } from "./first-backend.ts";

/** The reference under another name, which remembers whether it has been disposed. */
async function backendOf(name: string): Promise<Backend & { isDisposed: boolean }> {
  const backend = await createCpuBackend();
  return Object.assign(Object.create(backend), {
    name,
    isDisposed: false,
    async [Symbol.asyncDispose]() {
      this.isDisposed = true;
    },
  });
}

const there = async (name: string) => {
  const backend = await backendOf(name);
  return { name, backend, create: async () => backend };
};

const missing = (name: string) => ({
  name,
  create: () => Promise.reject(new Error(`There is no ${name}.`)),
});

const tooSmall = (...names: string[]) => ({
  admit({ name }: Backend) {
    if (!names.includes(name)) return;
    throw new MemoryPlanError(`It does not fit ${name}.`, { neededBytes: 2, availableBytes: 1 });
  },
});

test("the first that is there is taken, and the reasons against those before it are told", async () => {
  const reasons: string[] = [];
  const taken = await there("b");
  const backend = await firstBackend([missing("a"), taken, await there("c")], {
    onChoice: (reason) => reasons.push(reason),
  });
  expect(backend.name).toBe("b");
  expect(taken.backend.isDisposed).toBe(false);
  expect(reasons).toEqual(['Backend "b". There is no a.']);
});

test("one that the model does not fit is disposed of, and the next is tried", async () => {
  const reasons: string[] = [];
  const small = await there("a");
  const backend = await firstBackend([small, missing("b"), await there("c")], {
    ...tooSmall("a"),
    onChoice: (reason) => reasons.push(reason),
  });
  expect(backend.name).toBe("c");
  expect(small.backend.isDisposed).toBe(true);
  expect(reasons).toEqual(['Backend "c". It does not fit a. There is no b.']);
});

test("what fits none is refused with the plan for the first that is there", async () => {
  const candidates = [missing("a"), await there("b"), await there("c")];
  await expect(firstBackend(candidates, tooSmall("b", "c"))).rejects.toMatchObject({
    code: "MEMORY_INSUFFICIENT",
    message: "It does not fit b.",
  });
});

test("what is wrong with the model itself is not tried elsewhere", async () => {
  const first = await there("a");
  const wrong = new Error("a tensor is missing");
  const candidates = [first, await there("b")];
  const admit = () => {
    throw wrong;
  };
  await expect(firstBackend(candidates, { admit })).rejects.toBe(wrong);
  expect(first.backend.isDisposed).toBe(true);
});

test("where none is there, each says what it lacks", async () => {
  await expect(firstBackend([missing("a"), missing("b")])).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "There is no backend here. There is no a. There is no b.",
  });
});
