import { KraitError } from "@krait/tensor";

/** The config names an architecture, or a feature of one, that Krait does not have. */
export class UnsupportedArchitectureError extends KraitError {
  /** What was asked for, for example `model_type "llama"`. */
  readonly feature: string;
  /** What Krait has instead. */
  readonly supported: readonly string[];

  constructor(feature: string, supported: readonly string[], advice = "") {
    super(
      "ARCHITECTURE_UNSUPPORTED",
      `This model has ${feature}, which Krait does not support. Supported: ${supported.join(", ")}.${advice && ` ${advice}`}`,
    );
    this.feature = feature;
    this.supported = supported;
  }
}

/** A field of `config.json`, or a key of a GGUF file, is missing, of the wrong type, or at odds with another. */
export class ConfigError extends KraitError {
  readonly field: string;
  readonly expected: string;
  readonly actual: unknown;

  /** @param fault.file - what holds the field; `config.json` unless given. */
  constructor(fault: { file?: string; field: string; expected: string; actual: unknown }) {
    const { file = "config.json", actual } = fault;
    const shown = actual === undefined ? "nothing" : show(actual);
    super("CONFIG_INVALID", `${file}: "${fault.field}" should be ${fault.expected}, but is ${shown}.`);
    this.field = fault.field;
    this.expected = fault.expected;
    this.actual = actual;
  }
}

/** A checkpoint does not hold the tensors that its config calls for. */
export class CheckpointError extends KraitError {
  /** The tensor's name in the checkpoint. */
  readonly tensor: string;
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(
    code:
      | "CHECKPOINT_TENSOR_MISSING"
      | "CHECKPOINT_TENSOR_UNEXPECTED"
      | "CHECKPOINT_SHAPE"
      | "CHECKPOINT_DTYPE"
      | "CHECKPOINT_QUANTIZED",
    message: string,
    fault: { tensor: string; expected?: unknown; actual?: unknown },
  ) {
    super(code, message);
    this.tensor = fault.tensor;
    this.expected = fault.expected;
    this.actual = fault.actual;
  }
}

/** The model, its states and its scratch do not fit into the backend's memory. */
export class MemoryPlanError extends KraitError {
  readonly neededBytes: number;
  readonly availableBytes: number;

  constructor(message: string, fault: { neededBytes: number; availableBytes: number }) {
    super("MEMORY_INSUFFICIENT", message);
    this.neededBytes = fault.neededBytes;
    this.availableBytes = fault.availableBytes;
  }
}

/** As JSON, in which infinities and NaN, which it lacks, stand as words. */
function show(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part,
  );
}
