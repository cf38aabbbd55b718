import { BackendLostError, KraitError } from "@krait/tensor";
import { expect, test } from "vitest";
import { errorOfRecord, recordOfError } from "./error-transfer.ts";

const cross = (error: unknown): Error => errorOfRecord(structuredClone(recordOfError(error)));

test("an error of Krait's keeps its name, code, fields and causes", () => {
  const cause = new RangeError("too far", { cause: new Error("root") });
  const sent = new BackendLostError("webgpu", "the driver was reset", { cause });
  const received = cross(sent);
  expect(received).toBeInstanceOf(KraitError);
  expect(received).toMatchObject({
    name: "BackendLostError",
    code: "BACKEND_LOST",
    backend: "webgpu",
    message: sent.message,
    stack: sent.stack,
    cause: { name: "RangeError", message: "too far", cause: { message: "root" } },
  });
});

test("what cannot be cloned stays behind, and the rest of the error crosses", () => {
  const sent = Object.assign(new Error("odd"), { call: () => 1, list: [1, () => 2], value: { deep: [3] } });
  const received = cross(sent);
  expect(received).toMatchObject({ message: "odd", value: { deep: [3] } });
  expect(received).not.toHaveProperty("call");
  expect(received).not.toHaveProperty("list");
});

test("a DOMException stays one", () => {
  const received = cross(new DOMException("left", "AbortError"));
  expect(received).toBeInstanceOf(DOMException);
  expect(received.name).toBe("AbortError");
});

test("what is thrown and is no error becomes one that says it", () => {
  expect(cross("plain text").message).toBe("plain text");
  expect(cross(undefined).message).toBe("undefined");
});

test("causes that go round in a circle end", () => {
  const error = new Error("round");
  error.cause = error;
  let depth = 0;
  for (let at: unknown = cross(error); at instanceof Error; at = at.cause) depth++;
  expect(depth).toBeLessThan(20);
});
