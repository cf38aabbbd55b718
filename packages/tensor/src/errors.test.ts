import { describe, expect, test } from "vitest";
import { BackendLostError, BindingError, KraitError, ProgramError, UnsupportedOpError } from "./errors.ts";

describe("errors", () => {
  test.each([
    [new ProgramError("p", undefined, "m"), "ProgramError", "PROGRAM_INVALID"],
    [
      new UnsupportedOpError({ op: "o", backend: "b", formats: [], supported: [] }),
      "UnsupportedOpError",
      "OP_UNSUPPORTED",
    ],
    [new BackendLostError("b", "r"), "BackendLostError", "BACKEND_LOST"],
    [new BindingError("m"), "BindingError", "BINDING_INVALID"],
  ])("%s carries its name and code", (error, name, code) => {
    expect(error).toBeInstanceOf(KraitError);
    expect(error).toMatchObject({ name, code });
  });

  test("an unsupported format says what was asked for, what there is, and what to do", () => {
    const error = new UnsupportedOpError({
      op: "linear",
      backend: "webgpu",
      formats: ["q4_k"],
      supported: ["f16", "f32"],
    });
    expect(error.message).toBe(
      'Backend "webgpu" cannot run op "linear" for q4_k: it has f16, f32. ' +
        "Choose another backend, or formats that this one has.",
    );
    expect(error).toMatchObject({
      op: "linear",
      backend: "webgpu",
      formats: ["q4_k"],
      supported: ["f16", "f32"],
    });
  });

  test("a lost device keeps its cause", () => {
    const cause = new Error("out of memory");
    const error = new BackendLostError("cuda", "out of memory", { cause });
    expect(error.cause).toBe(cause);
    expect(error.backend).toBe("cuda");
  });
});
