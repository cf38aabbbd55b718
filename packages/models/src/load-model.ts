import type { Backend, Executable, Extents, Program, WeightBuffer, WeightSource } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import type { Architecture, ProgramOptions } from "./architecture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { convertWeight } from "./convert-weight.ts";
import { type MemoryPlan, planMemory, requireMemory } from "./memory-plan.ts";
import { type ModelOptions, resolveModelOptions } from "./model-options.ts";

/** How far loading is; the weights' bytes are counted as the file stores them. */
export interface LoadProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** The tensor being loaded, by its name in the checkpoint. */
  readonly tensor: string;
}

export interface LoadOptions extends ModelOptions {
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model on a device: its Programs compiled, its weights loaded, no sequences yet. */
export interface Model extends Disposable {
  readonly architecture: Architecture;
  readonly programs: { readonly forward: Program; readonly sample: Program };
  readonly forward: Executable;
  readonly sample: Executable;
  readonly weights: Readonly<Record<string, WeightBuffer>>;
  readonly sizes: ProgramOptions;
  readonly largest: Extents;
  readonly memory: MemoryPlan;
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
  file: WeightFile,
  backend: Backend,
  options: LoadOptions = {},
): Promise<Model> {
  const { signal } = options;
  const formats = checkCheckpoint(architecture, file, backend.weightFormats);
  const { program: sizes, largest } = resolveModelOptions(architecture, backend, formats, options);
  const programs = architecture.programs(sizes);
  const memory = planMemory(architecture, programs, largest, (spec) => backend.weightBytes(spec));
  requireMemory(memory, backend.limits.memoryBytes, backend.name);
  signal?.throwIfAborted();

  const disposables: Disposable[] = [];
  const dispose = (): void => {
    for (const disposable of disposables.splice(0).reverse()) disposable[Symbol.dispose]();
  };
  try {
    const compile = async (program: Program): Promise<Executable> => {
      const executable = await backend.compile(program, { largest, ...(signal && { signal }) });
      disposables.push(executable);
      return executable;
    };
    const forward = await compile(programs.forward);
    const sample = await compile(programs.sample);

    const weights: Record<string, WeightBuffer> = {};
    for await (const [name, weight] of loadWeights(architecture, file, backend, programs.forward, options)) {
      disposables.push(weight);
      weights[name] = weight;
    }
    return {
      architecture,
      programs,
      forward,
      sample,
      weights,
      sizes,
      largest,
      memory,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Streams every weight to the device, one after the other. */
async function* loadWeights(
  architecture: Architecture,
  file: WeightFile,
  backend: Backend,
  program: Program,
  { onProgress, signal }: LoadOptions,
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
    const spec = program.weights[entry.name]!;
    const stored = file.tensors.get(entry.checkpointName)!.spec!;
    const converted = convertWeight(counted(source, report), entry, stored.format, spec);
    yield [entry.name, await backend.loadWeight(spec, converted, signal)];
    report(source.byteLength); // a backend that maps the file asks for no pieces
  }
}

/** The same source, which reports how many of its bytes have been taken after each piece. */
function counted(source: WeightSource, report: (bytes: number) => void): WeightSource {
  return {
    ...(source.file && { file: source.file }),
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
