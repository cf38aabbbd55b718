import type { LoadProgress, ModelMemory } from "../model/model-host.ts";
import type { ModelSource } from "../model/model-source.ts";

/** What the page knows of the model that is loaded. */
export interface ModelFacts {
  readonly name: string;
  readonly summary: string;
  readonly backend: string;
  /** A GPU API on a software driver. */
  readonly software: boolean;
  readonly kvDtype: string;
  /** Whether other tabs that want the same model have this one. */
  readonly shared: boolean;
  /** Why they have not, where that was wanted. */
  readonly notShared: string | undefined;
  readonly maxContext: number;
  readonly memory: ModelMemory;
  readonly loadSeconds: number;
  /** Why it runs where it does. */
  readonly notes: readonly string[];
}

/** Where the page stands with its model. */
export type ModelState =
  | { readonly status: "none" }
  | { readonly status: "loading"; readonly source: ModelSource; readonly progress: LoadProgress | undefined }
  | { readonly status: "paused"; readonly source: ModelSource; readonly progress: LoadProgress | undefined }
  | { readonly status: "failed"; readonly source: ModelSource; readonly message: string }
  /** The device was lost; the model is loaded again. */
  | { readonly status: "recovering"; readonly source: ModelSource; readonly message: string }
  | { readonly status: "ready"; readonly source: ModelSource; readonly facts: ModelFacts };
