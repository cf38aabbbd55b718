import type { Backend, Extents } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import type { Architecture, ModelPrograms, ProgramOptions } from "./architecture.ts";
import { checkCheckpoint, deviceFormats, type WeightFormats } from "./checkpoint.ts";
import { type MemoryPlan, planMemory, requireMemory } from "./memory-plan.ts";
import { type ModelOptions, resolveModelOptions } from "./model-options.ts";
import { type MatrixFormat, requireMatrixFormat } from "./quantized-format.ts";

/** What a model will be on a backend, known before anything is loaded. */
export interface ModelPlan {
  readonly programs: ModelPrograms;
  readonly sizes: ProgramOptions;
  readonly largest: Extents;
  readonly formats: Readonly<Record<string, WeightFormats>>;
  readonly memory: MemoryPlan;
}

/**
 * Checks that a checkpoint can be loaded onto a backend: names, shapes, formats, and the memory plan.
 *
 * @throws {CheckpointError} naming the tensor that is missing, unexpected or of another shape.
 * @throws {MemoryPlanError} when the plan does not fit the backend.
 */
export function planModel(
  architecture: Architecture,
  file: Pick<WeightFile, "tensors">,
  backend: Backend,
  options: ModelOptions & { readonly quantize?: MatrixFormat | undefined } = {},
): ModelPlan {
  const { quantize } = options;
  if (quantize !== undefined) requireMatrixFormat(quantize);
  const formats = checkCheckpoint(architecture, file, backend.weightFormats, quantize);
  const { program: sizes, largest } = resolveModelOptions(
    architecture,
    backend,
    deviceFormats(formats),
    options,
  );
  const programs = architecture.programs(sizes);
  const memory = planMemory(
    architecture,
    programs,
    largest,
    (spec) => backend.weightBytes(spec),
    options.prefixCacheBytes,
    (program) => backend.ownedBytes?.(program, largest) ?? 0,
  );
  requireMemory(memory, backend.limits.memoryBytes, backend.name);
  return { programs, sizes, largest, formats, memory };
}
