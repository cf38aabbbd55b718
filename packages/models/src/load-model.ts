import type {
  Backend,
  CompileProgress,
  Executable,
  Extents,
  Program,
  WeightBuffer,
  WeightSource,
} from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import type { Architecture, ModelPrograms, ProgramOptions } from "./architecture.ts";
import type { WeightFormats } from "./checkpoint.ts";
import { convertWeight, type QuantizedTensor } from "./convert-weight.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { ModelOptions } from "./model-options.ts";
import { planModel } from "./plan-model.ts";
import type { MatrixFormat } from "./quantized-format.ts";

/** How far loading is; the weights' bytes are counted as the file stores them. */
export interface LoadProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** The tensor being loaded, by its name in the checkpoint. */
  readonly tensor: string;
}

export interface LoadOptions extends ModelOptions {
  /**
   * What matrices are quantized to on their way, as `llama-quantize` would; as stored unless given. A few
   * get another format, see {@link quantizedFormat}.
   */
  readonly quantize?: MatrixFormat | undefined;
  /** Called for each tensor that has been quantized. */
  readonly onQuantized?: ((tensor: QuantizedTensor) => void) | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Called as kernels are compiled, on backends that compile any: before the first byte is loaded. */
  readonly onCompile?: ((progress: CompileProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model on a device: its Programs compiled, its weights loaded, no sequences yet. */
export interface Model extends ModelPrograms<Executable>, Disposable {
  readonly architecture: Architecture;
  readonly programs: ModelPrograms;
  readonly weights: Readonly<Record<string, WeightBuffer>>;
  readonly sizes: ProgramOptions;
  readonly largest: Extents;
  readonly memory: MemoryPlan;
  /** Tells this model from others; the same on every backend. */
  readonly fingerprint: string;
}

/**
 * Loads a checkpoint onto a backend. Names, shapes and the memory plan are checked before the first
 * byte is uploaded; then one tensor at a time streams in pieces.
 *
 * @throws {CheckpointError} naming the tensor that is missing, unexpected or of another shape.
 * @throws {MemoryPlanError} when the plan does not fit the backend.
 * @throws the signal's reason, after everything loaded so far is freed.
 */
export async function loadModel(
  architecture: Architecture,
  file: Pick<WeightFile, "tensors" | "source">,
  backend: Backend,
  options: LoadOptions = {},
): Promise<Model> {
  const { signal, onCompile } = options;
  const { programs, sizes, largest, formats, memory } = planModel(architecture, file, backend, options);
  signal?.throwIfAborted();
  const fingerprint = await fingerprintOf(architecture, file, formats, signal);

  const disposables: Disposable[] = [];
  const dispose = (): void => {
    for (const disposable of disposables.splice(0).reverse()) disposable[Symbol.dispose]();
  };
  try {
    const compile = async (program: Program): Promise<Executable> => {
      const executable = await backend.compile(program, {
        largest,
        ...(signal && { signal }),
        ...(onCompile && { onProgress: onCompile }),
      });
      disposables.push(executable);
      return executable;
    };
    const forward = await compile(programs.forward);
    const sample = await compile(programs.sample);
    const logprobs = await compile(programs.logprobs);

    const weights: Record<string, WeightBuffer> = {};
    const loading = { architecture, formats, file, backend, program: programs.forward };
    for await (const [name, weight] of loadWeights(loading, options)) {
      disposables.push(weight);
      weights[name] = weight;
    }
    return {
      architecture,
      programs,
      forward,
      sample,
      logprobs,
      weights,
      sizes,
      largest,
      memory,
      fingerprint,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

interface Loading {
  readonly architecture: Architecture;
  readonly formats: Readonly<Record<string, WeightFormats>>;
  readonly file: Pick<WeightFile, "source">;
  readonly backend: Backend;
  readonly program: Program;
}

/** Streams every weight to the device, one after the other. */
async function* loadWeights(
  { architecture, formats, file, backend, program }: Loading,
  { onProgress, onQuantized, signal }: LoadOptions,
): AsyncGenerator<[name: string, weight: WeightBuffer]> {
  const sources = architecture.weights.map((entry) => ({ entry, source: file.source(entry.checkpointName) }));
  const totalBytes = sources.reduce((total, { source }) => total + source.byteLength, 0);
  let loadedBytes = 0;
  let endOfTensor = 0;
  for (const { entry, source } of sources) {
    const startOfTensor = endOfTensor;
    endOfTensor += source.byteLength;
    const report = (tensorBytes: number): void => {
      if (startOfTensor + tensorBytes <= loadedBytes) return;
      loadedBytes = startOfTensor + tensorBytes;
      onProgress?.({ loadedBytes, totalBytes, tensor: entry.checkpointName });
    };
    const converted = convertWeight(counted(source, report), entry, formats[entry.name]!, onQuantized);
    yield [entry.name, await backend.loadWeight(program.weights[entry.name]!, converted, signal)];
    report(source.byteLength); // a backend that maps the file asks for no pieces
  }
}

/** The same source, which reports how many of its bytes have been taken after each piece. */
function counted(source: WeightSource, report: (bytes: number) => void): WeightSource {
  return {
    ...(source.file && { file: source.file }),
    ...(source.scale !== undefined && { scale: source.scale }),
    byteLength: source.byteLength,
    async *pieces(signal) {
      let taken = 0;
      for await (const piece of source.pieces(signal)) {
        taken += piece.byteLength;
        yield piece;
        report(taken);
      }
    },
  };
}
