import { KraitError } from "@krait/tensor";

/** There is no driver, no GPU, or none that is new enough. */
export class CudaUnavailableError extends KraitError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("CUDA_UNAVAILABLE", `CUDA cannot be used here: ${reason}.`, options);
  }
}

/** A call of the driver failed. */
export class CudaError extends KraitError {
  /** The driver's function. */
  readonly call: string;
  /** The number of its error, such as 700, and its name. */
  readonly result: number;
  readonly resultName: string;
  /** What was being done: the op and its Program, where it was one. */
  readonly during: string | undefined;
  readonly device: string | undefined;

  constructor(fault: {
    readonly call: string;
    readonly result: number;
    readonly resultName: string;
    readonly description: string;
    readonly during: string | undefined;
    readonly device: string | undefined;
  }) {
    const { call, result, resultName, description, during, device } = fault;
    super(
      "CUDA_FAILED",
      `${call}${during === undefined ? "" : ` for ${during}`} failed` +
        `${device === undefined ? "" : ` on ${device}`} with ${resultName} (${result}): ${description}.`,
    );
    this.call = call;
    this.result = result;
    this.resultName = resultName;
    this.during = during;
    this.device = device;
  }
}
