import { KraitError } from "./errors.ts";
import type { TensorSpec } from "./format.ts";

/** Asked for more memory than a backend may take, or than the machine gives. */
export class MemoryLimitError extends KraitError {
  readonly requestedBytes: number;
  readonly allocatedBytes: number;
  /** Infinity for a backend without a limit of its own. */
  readonly memoryBytes: number;

  constructor(label: string, requestedBytes: number, allocatedBytes: number, memoryBytes: number) {
    const taken =
      memoryBytes === Number.POSITIVE_INFINITY
        ? `which the machine does not give beside the ${allocatedBytes} taken`
        : `but ${allocatedBytes} of ${memoryBytes} are taken`;
    super(
      "MEMORY_EXCEEDED",
      `"${label}" needs ${requestedBytes} bytes, ${taken}. ` +
        "Use fewer slots or pages, a smaller model, or a backend with more memory.",
    );
    this.requestedBytes = requestedBytes;
    this.allocatedBytes = allocatedBytes;
    this.memoryBytes = memoryBytes;
  }
}

/** Something was used after it was disposed. */
export class DisposedError extends KraitError {
  constructor(what: string) {
    super("DISPOSED", `${what} is disposed and can no longer be used.`);
  }
}

/** The source gave more or fewer bytes than the tensor has. */
export class WeightLengthError extends KraitError {
  readonly expectedBytes: number;
  /** At least this many, where there are too many. */
  readonly actualBytes: number;

  constructor(spec: TensorSpec, expectedBytes: number, actualBytes: number) {
    const fault = actualBytes < expectedBytes ? `ends after ${actualBytes}` : `goes on to ${actualBytes}`;
    super(
      "WEIGHT_LENGTH",
      `A ${spec.format} weight of shape [${spec.shape.join(", ")}] has ${expectedBytes} bytes, ` +
        `but its source ${fault}. The file may be cut short or not belong to this model.`,
    );
    this.expectedBytes = expectedBytes;
    this.actualBytes = actualBytes;
  }
}
