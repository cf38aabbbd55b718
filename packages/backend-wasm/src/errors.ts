import { KraitError, type TensorSpec } from "@krait/tensor";

/** Asked for more memory than the backend may take, or than the machine has. */
export class MemoryLimitError extends KraitError {
  readonly requestedBytes: number;
  readonly allocatedBytes: number;
  readonly memoryBytes: number;

  constructor(label: string, requestedBytes: number, allocatedBytes: number, memoryBytes: number) {
    super(
      "MEMORY_EXCEEDED",
      `"${label}" needs ${requestedBytes} bytes, but ${allocatedBytes} of ${memoryBytes} are taken. ` +
        "Use fewer slots or pages, or a smaller model; WebAssembly has 4 GiB at most.",
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
