import { expect, test } from "vitest";
import { eventStream } from "./event-stream.ts";

const counting = (until: number, failure?: Error) =>
  eventStream<number, string>(async function* (settle) {
    for (let i = 0; i < until; i++) yield i;
    if (failure) throw failure;
    settle(`counted to ${until}`);
  });

async function read(events: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

test("the result reads the events if nobody does", async () => {
  expect(await counting(3).result()).toBe("counted to 3");
});

test("asking for the result while another reads takes no event away", async () => {
  const stream = counting(5);
  const [seen, result] = await Promise.all([read(stream), stream.result()]);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  expect(result).toBe("counted to 5");
});

test("a failure reaches the reader and the result alike, whenever it is asked for", async () => {
  const stream = counting(2, new Error("boom"));
  await expect(read(stream)).rejects.toThrow("boom");
  await expect(stream.result()).rejects.toThrow("boom");
});

test("a stream that was left has no result, also when it was left before its start", async () => {
  const stream = counting(5);
  for await (const _ of stream) break;
  await expect(stream.result()).rejects.toMatchObject({ name: "AbortError" });
  const unread = counting(5);
  await unread[Symbol.asyncIterator]().return?.();
  await expect(unread.result()).rejects.toMatchObject({ name: "AbortError" });
});
