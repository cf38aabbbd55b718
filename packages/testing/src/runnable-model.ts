import type { Backend, Executable, Program, WeightBuffer } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";

/** A checkpoint, and the config beside it. */
export interface ModelSource {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: WeightFile;
}

/** How large a model's states and steps are made. */
export interface RunnableSizes {
  readonly maxContext: number;
  readonly maxSequences: number;
  /** Positions that all sequences share. */
  readonly maxKvTokens: number;
  readonly chunkRows: number;
  readonly maxOutputRows: number;
  /** As the backend likes it unless given. */
  readonly kvDtype?: "f32";
}

/**
 * A model on a backend, as `@krait/models` loads it. Its shape stands here again because models are
 * themselves tested with this package, and so cannot be imported by it.
 */
export interface RunnableModel extends Disposable {
  readonly programs: { readonly forward: Program };
  readonly forward: Executable;
  readonly weights: Readonly<Record<string, WeightBuffer>>;
}

export type LoadRunnableModel<M extends RunnableModel = RunnableModel> = (
  source: ModelSource,
  backend: Backend,
  sizes: RunnableSizes,
) => Promise<M>;
