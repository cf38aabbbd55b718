import type { BackendLostError } from "./errors.ts";
import type { Extents } from "./extents.ts";
import type { DType, Format, TensorSpec } from "./format.ts";
import type { Op } from "./ops/op.ts";
import type { Program } from "./program.ts";

/**
 * A way to run Programs. It knows nothing of models or sequences.
 *
 * Operations take effect in the order they were enqueued; `read` resolves after all before it.
 */
export interface Backend extends AsyncDisposable {
  /** "cpu", "wasm", "native", "webgpu" or "cuda" for Krait's own. */
  readonly name: string;
  /** A GPU API on a software driver: chosen only when it is asked for by name. */
  readonly software: boolean;
  /** Whether `run` computes before it returns, so that nothing is gained by enqueueing a step ahead of its use. */
  readonly synchronous: boolean;
  /** What keys and values are kept in unless the caller asks for another dtype. */
  readonly kvDtype: DType;
  readonly limits: { readonly memoryBytes: number; readonly maxBufferBytes: number };
  /** The stored formats that this backend multiplies by directly, best first. Others are converted on upload. */
  readonly weightFormats: readonly Format[];
  /** Bytes of memory that a weight will take here, so that a model can be refused before it is read. */
  weightBytes(spec: TensorSpec): number;
  /** Bytes that a bound Program takes here beside its intermediates and feeds, at most; 0 unless given. */
  ownedBytes?(program: Program, largest: Extents): number;
  /** Settles when the device is gone; everything pending rejects with the same error. */
  readonly lost: Promise<BackendLostError>;
  /** A zeroed buffer. `label` names it in errors and in tools. */
  allocate(bytes: number, label: string): DeviceBuffer;
  /** Streams a weight to the device. Mapping, repacking and sharding of rows are the backend's own business. */
  loadWeight(spec: TensorSpec, source: WeightSource, signal?: AbortSignal): Promise<WeightBuffer>;
  /**
   * Enqueues copies. Source and target may be one buffer, without overlap; offsets and lengths are
   * multiples of 4 bytes.
   */
  copy(regions: readonly CopyRegion[]): void;
  /**
   * Prepares a Program for steps up to `largest`.
   *
   * @throws {UnsupportedOpError} naming the op, this backend and the formats that it has.
   */
  compile(program: Program, options: CompileOptions): Promise<Executable>;
  /**
   * What each op of the next step takes, whichever Program's that is; asked twice, of the two next steps. They
   * compute the same, and are slower for it. Absent where a backend cannot tell; rejects where the device cannot.
   */
  profileStep?(): Promise<StepProfile>;
}

/** What one step took, by op. */
export interface StepProfile {
  /** The name of its Program. */
  readonly program: string;
  readonly extents: Extents;
  /** In the order in which they ran; an op may have several entries, or be part of another's. */
  readonly ops: readonly { readonly op: Op; readonly seconds: number }[];
}

export interface CompileOptions {
  readonly largest: Extents;
  readonly signal?: AbortSignal;
  /** Called as kernels are compiled, by backends that compile any. */
  readonly onProgress?: (progress: CompileProgress) => void;
}

/** How far compiling is. */
export interface CompileProgress {
  readonly compiledKernels: number;
  readonly totalKernels: number;
}

/** A file region where there is a file (so that it can be mapped), and row-aligned pieces always. */
export interface WeightSource {
  readonly file?: { readonly path: string; readonly byteOffset: number };
  readonly byteLength: number;
  /** What every value of a {@link ScaledFormat} is multiplied by; 1 unless given. Other formats have none. */
  readonly scale?: number;
  /** The tensor's bytes in order; a piece ends where a row ends, and is valid until the next is asked for. */
  pieces(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A weight on the device, in whatever layout the backend likes best. */
export interface WeightBuffer extends Disposable {
  readonly spec: TensorSpec;
  readonly byteLength: number;
}

export interface CopyRegion {
  readonly source: DeviceBuffer;
  readonly sourceOffset: number;
  readonly target: DeviceBuffer;
  readonly targetOffset: number;
  readonly byteLength: number;
}

export interface DeviceBuffer extends Disposable {
  readonly byteLength: number;
  /** Enqueued; the bytes may be reused on return. */
  write(byteOffset: number, bytes: Uint8Array): void;
  /** Enqueues writing zeros; offset and length are multiples of 4 bytes. */
  clear(byteOffset: number, byteLength: number): void;
  /** The bytes after all work enqueued before, as a copy. */
  read(byteOffset?: number, byteLength?: number): Promise<Uint8Array>;
}

/** A Program made ready for one backend. */
export interface Executable extends Disposable {
  /** Binds weights and states once; the result can run any number of times. */
  bind(buffers: {
    readonly weights: Readonly<Record<string, WeightBuffer>>;
    readonly states: Readonly<Record<string, DeviceBuffer>>;
  }): Step;
}

export interface Step extends Disposable {
  /** Enqueues one step and returns at once. The feeds' bytes may be reused on return. */
  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void;
  /** The Program's outputs, each holding the last step's rows from its start. */
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
}
